/** What to tell people when something does not work, and what they can do about it. */

/** @typedef {"camera" | "microphone"} Kind */

/** @type {readonly Kind[]} */
const KINDS = ["microphone", "camera"];

/**
 * Say what is wrong with a device.
 *
 * @param {Kind} kind
 * @param {string} problem the name of the error that getUserMedia gave
 * @returns {string}
 */
function deviceProblem(kind, problem) {
  switch (problem) {
    case "NotAllowedError":
      return `The browser may not use your ${kind}. Allow it at the left end of the address bar, then turn it on again.`;
    case "NotFoundError":
      return `No ${kind} was found. Plug one in, then turn it on.`;
    case "NotReadableError":
      return `Another program seems to be using your ${kind}. Close it, then turn the ${kind} on again.`;
    case "OverconstrainedError":
      return `The chosen ${kind} is not there any more. Choose another one.`;
    case "SecurityError":
      return `This page may not use a ${kind}. It must be opened with https, or on localhost.`;
    case "Ended":
      return `Your ${kind} was unplugged or switched off.`;
    default:
      return `Your ${kind} could not be started. Turn it on to try again.`;
  }
}

/** What is mostly wrong with both at once. */
const BOTH = new Map([
  [
    "NotAllowedError",
    "The browser may not use your camera and microphone. Allow both at the left end of the address bar, then turn them on again.",
  ],
  ["NotFoundError", "No camera and no microphone were found. You can still listen and write."],
  [
    "SecurityError",
    "This page may not use a camera or microphone. It must be opened with https, or on localhost.",
  ],
]);

/**
 * Say what is wrong with the devices, in as few sentences as will do.
 *
 * @param {Record<Kind, { problem: string | null }>} devices
 * @returns {string[]}
 */
function deviceProblems({ microphone, camera }) {
  const both = microphone.problem === camera.problem ? BOTH.get(camera.problem ?? "") : undefined;
  if (both) {
    return [both];
  }
  const problems = { microphone: microphone.problem, camera: camera.problem };
  return KINDS.flatMap((kind) => {
    const problem = problems[kind];
    return problem === null ? [] : [deviceProblem(kind, problem)];
  });
}

const SERVER_PROBLEMS = new Map([
  ["bad-name", "This name cannot be used. Choose another one."],
  ["room-full", "This room is full."],
  ["room-locked", "This room is locked. Ask somebody inside to unlock it."],
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
