import assert from "node:assert/strict";
import { test } from "node:test";

import { Meeting } from "../../static/js/meeting.js";
import { as, record } from "./support/fakes.js";

/**
 * A part that only keeps what it is told.
 *
 * @param {string[]} methods
 */
function fakePart(methods) {
  /** @type {any[][]} */
  const calls = [];
  const part = new EventTarget();
  for (const method of methods) {
    as(part)[method] = (/** @type {any[]} */ ...given) => {
      calls.push([method, ...given]);
      return as(part).result;
    };
  }
  return {
    calls,
    part: as(part),
    /**
     * @param {string} type
     * @param {unknown} detail
     */
    emit: (type, detail) => part.dispatchEvent(new CustomEvent(type, { detail })),
  };
}

function make() {
  const signaling = fakePart(["connect", "send", "close"]);
  const people = fakePart([
    "enter",
    "joined",
    "left",
    "receive",
    "say",
    "update",
    "restartIce",
    "close",
  ]);
  const jukebox = fakePart(["reset", "setBot", "receive", "command", "refuse", "close"]);
  /** @type {any} */
  let lines = null;
  const meeting = new Meeting("abc", "Ann", (given) => {
    lines = given;
    return { signaling: signaling.part, people: people.part, jukebox: jukebox.part };
  });
  const told = record(meeting, "event");
  return {
    meeting,
    signaling,
    people,
    jukebox,
    lines,
    told,
    /** @param {unknown} message */
    receive: (message) => signaling.emit("message", message),
  };
}

/**
 * @param {string} id
 * @param {string} [kind]
 */
function peer(id, kind = "person") {
  return { id, name: id, kind, role: "guest" };
}

/**
 * @param {any[]} peers
 * @param {object} [fields]
 */
function welcome(peers, fields) {
  const room = { name: "abc", locked: false };
  const ice = [{ urls: "stun:a.example" }];
  const message = { type: "welcome", version: 1, self: peer("me"), room, peers, ice };
  return { ...message, resume: "token", ...fields };
}

const BOT = peer("bot", "bot");

test("the first hello resumes nothing, later ones the stay", () => {
  const { lines, receive } = make();
  const hello = { type: "join", room: "abc", name: "Ann", kind: "person" };
  const nothing = { password: null, token: null };
  assert.deepEqual(lines.hello(), { ...hello, ...nothing, resume: null });
  receive(welcome([]));

  assert.deepEqual(lines.hello(), { ...hello, ...nothing, resume: "token" });
});

test("only people are met, and the bot is handed to the jukebox", () => {
  const { people, jukebox, receive } = make();
  receive(welcome([peer("a"), BOT, peer("c", "control"), peer("me")]));

  assert.deepEqual(people.calls, [["enter", "me", ["a"]]]);
  assert.deepEqual(jukebox.calls, [["reset"], ["setBot", "bot"]]);
});

test("the way to the bot stays when the id does", () => {
  const { jukebox, receive } = make();
  receive(welcome([BOT]));
  jukebox.calls.length = 0;
  receive(welcome([BOT]));

  assert.deepEqual(jukebox.calls, [["setBot", "bot"]]);
});

test("connections use the servers of the latest welcome", () => {
  const { lines, receive } = make();
  assert.deepEqual(lines.ice(), []);
  receive(welcome([]));

  assert.deepEqual(lines.ice(), [{ urls: "stun:a.example" }]);
});

test("people and bots come and go", () => {
  const { people, jukebox, receive } = make();
  receive(welcome([]));
  people.calls.length = 0;
  jukebox.calls.length = 0;
  receive({ type: "peer-joined", peer: peer("a") });
  receive({ type: "peer-joined", peer: BOT });
  receive({ type: "peer-joined", peer: peer("c", "control") });
  receive({ type: "peer-left", peer: "bot", reason: "" });
  receive({ type: "peer-left", peer: "a", reason: "" });

  assert.deepEqual(people.calls, [
    ["joined", "a"],
    ["left", "bot"],
    ["left", "a"],
  ]);
  assert.deepEqual(
    jukebox.calls.map(([, bot]) => bot),
    [null, "bot", "bot", null, null],
  );
});

test("the page hears of a peer before it hears of the connection", () => {
  const { meeting, people, told, receive } = make();
  receive(welcome([]));
  people.part.joined = () => people.emit("event", { type: "link", peer: "a", link: "connecting" });
  receive({ type: "peer-joined", peer: peer("a") });

  assert.ok(meeting);
  assert.deepEqual(
    told.map(({ type }) => type),
    ["welcome", "peer-joined", "link"],
  );
});

test("signals go to whom they are for, and those of strangers nowhere", () => {
  const { people, jukebox, receive } = make();
  receive(welcome([peer("a"), BOT, peer("c", "control")]));
  people.calls.length = 0;
  jukebox.calls.length = 0;
  for (const from of ["a", "bot", "c", "gone"]) {
    receive({ type: "signal", from, candidate: null });
  }

  assert.deepEqual(people.calls, [["receive", "a", { description: undefined, candidate: null }]]);
  assert.deepEqual(jukebox.calls, [["receive", { description: undefined, candidate: null }]]);
});

test("a line is said to everyone, and to the bot if it is a command", () => {
  const { meeting, people, jukebox, told, receive } = make();
  receive(welcome([]));
  people.calls.length = 0;
  jukebox.calls.length = 0;
  meeting.say("hello", 5);
  meeting.say("!skip", 6);

  assert.deepEqual(people.calls, [
    ["say", { type: "chat", id: "1", text: "hello", at: 5 }],
    ["say", { type: "chat", id: "2", text: "!skip", at: 6 }],
  ]);
  assert.deepEqual(jukebox.calls, [["command", "!skip"]]);
  assert.deepEqual(told.slice(-2), [
    { type: "said", peer: "me", id: "1", text: "hello" },
    { type: "said", peer: "me", id: "2", text: "!skip" },
  ]);
});

test("parts send through the server", () => {
  const { lines, signaling } = make();
  lines.send("a", { candidate: null });
  lines.summon();

  assert.deepEqual(signaling.calls, [
    ["send", { type: "signal", to: "a", candidate: null }],
    ["send", { type: "summon" }],
  ]);
});

for (const code of ["kicked", "room-full", "room-locked", "bad-name"]) {
  test(`${code} ends the stay with a sentence`, () => {
    const { people, jukebox, signaling, told, receive } = make();
    receive({ type: "error", code, message: "x" });
    receive(welcome([]));

    assert.equal(told.length, 1);
    assert.equal(told[0].type, "left");
    assert.match(told[0].notice.text, /\.$/u);
    for (const { calls } of [people, jukebox, signaling]) {
      assert.deepEqual(calls, [["close"]]);
    }
  });
}

test("what the server does not let in again is over, what passes is not", () => {
  const { signaling, told, receive } = make();
  const error = { type: "error", code: "bad-message", message: "No." };
  receive(welcome([]));
  receive(error);
  assert.deepEqual(told.at(-1), error);
  signaling.emit("connecting", null);
  receive({ ...error, code: "server-full" });
  assert.equal(told.at(-1).type, "error");
  receive(error);

  assert.deepEqual(told.at(-1), { type: "left", notice: { text: "No.", tone: "problem" } });
});

test("a server of another version ends the stay", () => {
  const { told, receive } = make();
  receive(welcome([], { version: 2 }));

  assert.deepEqual(
    told.map(({ type }) => type),
    ["left"],
  );
});

test("that there is no bot is said where the command was, or else to the page", () => {
  const { jukebox, told, receive } = make();
  const error = { type: "error", code: "no-bot", message: "x" };
  receive(welcome([]));
  told.length = 0;
  jukebox.part.result = true;
  receive(error);
  assert.deepEqual(told, []);
  jukebox.part.result = false;
  receive(error);

  assert.deepEqual(told, [error]);
});

test("a signal that crossed with somebody's leave is nobody's problem", () => {
  const { told, receive } = make();
  receive(welcome([]));
  told.length = 0;
  receive({ type: "error", code: "no-such-peer", message: "x" });
  receive({ type: "error", code: "too-many", message: "x" });

  assert.deepEqual(
    told.map(({ code }) => code),
    ["too-many"],
  );
});

test("another network makes everything look for its way again", () => {
  const { meeting, people, signaling } = make();
  meeting.networkChanged();

  assert.deepEqual([signaling.calls, people.calls], [[["connect"]], [["restartIce"]]]);
});

test("who leaves says so, and hears nothing any more", () => {
  const { meeting, people, jukebox, signaling, told, receive } = make();
  meeting.leave();
  meeting.leave();
  receive(welcome([]));
  people.emit("event", { type: "link", peer: "a", link: "connected" });
  jukebox.emit("event", { type: "bot", bot: "here" });

  assert.deepEqual(signaling.calls.slice(0, 2), [["send", { type: "leave" }], ["close"]]);
  assert.deepEqual(told, []);
});
