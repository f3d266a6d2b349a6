/** What to tell people when something does not work, and what they can do about it. */

/** @typedef {"camera" | "microphone"} Kind */

/** @type {readonly Kind[]} */
const KINDS = ["microphone", "camera"];

/** The button of the lobby. */
const PRESS = "press Try again";

/** @typedef {"turn" | "press"} Again whether one tries again by its switch or by a button */

/**
 * Say what is wrong with a device.
 *
 * @param {Kind} kind
 * @param {string} problem the name of the error that getUserMedia gave
 * @param {Again} [how]
 * @returns {string}
 */
function deviceProblem(kind, problem, how = "turn") {
  const again = how === "press" ? PRESS : `turn the ${kind} on again`;
  switch (problem) {
    case "NotAllowedError":
      return `The browser may not use your ${kind}. Allow it at the left end of the address bar, then ${again}.`;
    case "NotFoundError":
      return `No ${kind} was found. Plug one in, then ${again}.`;
    case "NotReadableError":
      return `Another program seems to be using your ${kind}. Close it, then ${again}.`;
    case "OverconstrainedError":
      return `The chosen ${kind} is not there any more. Choose another one.`;
    case "SecurityError":
      return `This page may not use a ${kind}. It must be opened with https, or on localhost.`;
    case "Ended":
      return `Your ${kind} was unplugged or switched off.`;
    default:
      return `Your ${kind} could not be started. Wait a moment, then ${again}.`;
  }
}

/**
 * Say what is wrong with both at once, as it mostly is.
 *
 * @param {string | null} problem
 * @param {Again} how
 * @returns {string | null} null if it is not one that they share
 */
function commonProblem(problem, how) {
  const again = how === "press" ? PRESS : "turn them on again";
  switch (problem) {
    case "NotAllowedError":
      return `The browser may not use your camera and microphone. Allow both at the left end of the address bar, then ${again}.`;
    case "NotFoundError":
      return "No camera and no microphone were found. You can still listen and write.";
    case "SecurityError":
      return "This page may not use a camera or microphone. It must be opened with https, or on localhost.";
    default:
      return null;
  }
}

/**
 * Say what is wrong with the devices, in as few sentences as will do.
 *
 * @param {Record<Kind, { problem: string | null }>} devices
 * @param {Again} [how]
 * @returns {string[]}
 */
function deviceProblems({ microphone, camera }, how = "turn") {
  const shared = microphone.problem === camera.problem ? camera.problem : null;
  const both = commonProblem(shared, how);
  if (both !== null) {
    return [both];
  }
  const problems = { microphone: microphone.problem, camera: camera.problem };
  return KINDS.flatMap((kind) => {
    const problem = problems[kind];
    return problem === null ? [] : [deviceProblem(kind, problem, how)];
  });
}

const SERVER_PROBLEMS = new Map([
  ["bad-name", "This name cannot be used. Choose another one."],
  ["room-full", "This room is full."],
  ["room-locked", "This room is locked. Wait until it is unlocked, or choose another room."],
  ["kicked", "You were removed from the room."],
  ["no-bot", "No music bot is free on this server right now. Try again in a moment."],
  ["too-many", "That was too fast. Wait a moment."],
  ["server-full", "The server is full. Trying again…"],
]);

const FINAL = ["bad-name", "room-full", "room-locked", "kicked"];

const PASSING = ["too-many", "server-full"];

/**
 * Say what the server refused; what this page has no words for, the server has.
 *
 * @param {string} code
 * @param {string} message the server's own sentence
 * @returns {string}
 */
function serverProblem(code, message) {
  return SERVER_PROBLEMS.get(code) ?? message;
}

/**
 * Whether an error ends the stay in the room, so that coming back by oneself would be wrong.
 *
 * @param {string} code
 * @param {boolean} inside whether the server had let us in; if not, only what passes is tried again
 * @returns {boolean}
 */
function endsStay(code, inside) {
  return inside ? FINAL.includes(code) : !PASSING.includes(code);
}

export { deviceProblem, deviceProblems, endsStay, serverProblem };
