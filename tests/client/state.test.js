import assert from "node:assert/strict";
import { test } from "node:test";

import { MAX_LINES } from "../../static/js/chatlog.js";
import { contactOf, otherPeople, shownName } from "../../static/js/presence.js";
import { SERVER_MESSAGES } from "../../static/js/protocol.js";
import { INITIAL, REDUCERS, reduce } from "../../static/js/state.js";
import { FakeTrack, as } from "./support/fakes.js";

/** @import { Peer } from "../../static/js/protocol.js" */
/** @import { RoomEvent, State } from "../../static/js/state.js" */

/**
 * @param {string} id
 * @param {Peer["kind"]} [kind]
 * @returns {Peer}
 */
function peer(id, kind = "person") {
  return { id, name: `Name of ${id}`, kind, role: "guest" };
}

const ROOM = { name: "abc", locked: false };

/**
 * @param {...Peer} peers
 * @returns {Extract<RoomEvent, { type: "welcome" }>}
 */
function welcome(...peers) {
  return {
    type: "welcome",
    version: 1,
    self: peer("me"),
    room: ROOM,
    peers,
    ice: [],
    resume: null,
  };
}

/**
 * @param {RoomEvent[]} events
 * @param {State} [state]
 * @returns {State}
 */
function after(events, state = INITIAL) {
  return events.reduce((last, event, index) => reduce(last, event, index), state);
}

/**
 * @param {State} state
 * @returns {string[]}
 */
function texts(state) {
  return state.lines.map(({ text }) => text);
}

/** @type {import("../../static/js/channels.js").MusicState} */
const PLAYING = {
  type: "state",
  state: "playing",
  track: { id: 1, title: "T", link: null, requester: "Ann", duration: 30, live: false },
  position: 10,
  duration: 30,
  queue: [],
  queued: 0,
  volume: 100,
  loop: "off",
  filters: [],
  listeners: 2,
  votes: 0,
};

const IN_ROOM = after([{ type: "joining" }, welcome(peer("a"))]);

test("every message of the server has its place", () => {
  for (const type of Object.keys(SERVER_MESSAGES)) {
    assert.ok(type in REDUCERS, type);
  }
});

test("no event changes the state that was", () => {
  const before = structuredClone(IN_ROOM);
  after(
    [
      { type: "peer-joined", peer: peer("b") },
      { type: "said", peer: "a", id: "1", text: "hello" },
      { type: "music", message: PLAYING, now: 1 },
      { type: "link", peer: "a", link: "connected" },
      { type: "peer-left", peer: "a", reason: "left" },
    ],
    IN_ROOM,
  );

  assert.deepEqual(IN_ROOM, before);
});

test("a welcome opens the room", () => {
  assert.equal(after([{ type: "joining" }]).phase, "joining");
  assert.equal(IN_ROOM.phase, "room");
  assert.deepEqual(IN_ROOM.connection, { status: "online" });
  assert.equal(IN_ROOM.room?.name, "abc");
});

test("bots, remote controls and oneself are not other people", () => {
  const state = after([welcome(peer("a"), peer("b", "bot"), peer("c", "control"), peer("me"))]);

  assert.deepEqual(
    otherPeople(state).map(({ id }) => id),
    ["a"],
  );
});

test("people who come and go are noted, bots and remote controls are not", () => {
  const state = after(
    [
      { type: "peer-joined", peer: peer("b") },
      { type: "peer-joined", peer: peer("x", "bot") },
      { type: "peer-joined", peer: peer("y", "control") },
      { type: "peer-left", peer: "b", reason: "left" },
      { type: "peer-left", peer: "x", reason: "left" },
      { type: "peer-left", peer: "nobody", reason: "left" },
    ],
    IN_ROOM,
  );

  assert.deepEqual(texts(state), ["Name of b joined.", "Name of b left."]);
  assert.deepEqual(
    state.peers.map(({ id }) => id),
    ["a", "y"],
  );
});

test("a peer that is announced twice is there once", () => {
  const joined = /** @type {const} */ ({ type: "peer-joined", peer: peer("b") });

  assert.equal(after([joined, joined], IN_ROOM).peers.length, 2);
});

test("changes of peers and of oneself are taken over", () => {
  const state = after(
    [
      { type: "peer-changed", peer: { ...peer("a"), name: "Other" } },
      { type: "peer-changed", peer: { ...peer("me"), role: "host" } },
    ],
    IN_ROOM,
  );

  assert.equal(state.peers[0]?.name, "Other");
  assert.equal(state.self?.role, "host");
  assert.equal(state.peers.length, 1);
});

test("a new host is announced, and a host who changes the name is not", () => {
  const host = /** @type {const} */ ({ role: "host" });
  const state = after(
    [
      { type: "peer-changed", peer: { ...peer("a"), ...host } },
      { type: "peer-changed", peer: { ...peer("a"), ...host, name: "Ann" } },
      { type: "peer-changed", peer: peer("a") },
      { type: "peer-changed", peer: { ...peer("me"), ...host } },
    ],
    IN_ROOM,
  );

  assert.deepEqual(texts(state), ["Name of a is the host now.", "You are the host now."]);
});

test("two people of one name are told apart, wherever they are named", () => {
  const ben = { ...peer("b"), name: "Name of a" };
  const state = after(
    [
      { type: "peer-joined", peer: ben },
      { type: "said", peer: "b", id: "1", text: "hello" },
      { type: "said", peer: "a", id: "1", text: "hello" },
      { type: "peer-left", peer: "a", reason: "left" },
    ],
    IN_ROOM,
  );

  assert.equal(shownName(state, ben), "Name of a (2)");
  assert.deepEqual(
    state.lines.map(({ author, text }) => author || text),
    ["Name of a (2) joined.", "Name of a (2)", "Name of a", "Name of a left."],
  );
});

test("what is known of a person grows, and ends when they leave", () => {
  const track = as(new FakeTrack("video"));
  const media = { microphone: true, camera: true, screen: false };
  const state = after(
    [
      { type: "link", peer: "a", link: "connected" },
      { type: "track", peer: "a", track },
      { type: "media", peer: "a", media },
    ],
    IN_ROOM,
  );

  assert.deepEqual(contactOf(state, "a"), { link: "connected", media, audio: null, video: track });
  const left = after([{ type: "peer-left", peer: "a", reason: "" }], state);
  assert.deepEqual(left.contacts, {});
});

test("after a lost connection those who stayed are still known", () => {
  const state = after(
    [
      { type: "link", peer: "a", link: "connected" },
      { type: "link", peer: "b", link: "connected" },
      { type: "waiting", until: 7 },
      { type: "connecting" },
      welcome(peer("a")),
    ],
    IN_ROOM,
  );

  assert.deepEqual(Object.keys(state.contacts), ["a"]);
  assert.equal(state.phase, "room");
});

test("two people may use the same id for a line", () => {
  const state = after(
    [
      { type: "said", peer: "a", id: "1", text: "mine" },
      { type: "said", peer: "me", id: "1", text: "own" },
      { type: "said", peer: "gone", id: "1", text: "late" },
    ],
    IN_ROOM,
  );

  assert.deepEqual(
    state.lines.map(({ voice, author, text }) => [voice, author, text]),
    [
      ["person", "Name of a", "mine"],
      ["own", "Name of me", "own"],
      ["person", "Somebody", "late"],
    ],
  );
});

test("a command that waits, its answer and the next answer are one line", () => {
  const reply = { type: /** @type {const} */ ("reply"), id: 7, ok: true };
  const events = /** @type {RoomEvent[]} */ ([
    { type: "held", id: 7, text: "Bringing…" },
    { type: "music", message: { ...reply, text: "Looking…", done: false }, now: 0 },
    { type: "music", message: { ...reply, text: "Added.", done: true }, now: 0 },
  ]);
  const states = events.map((_, index) => after(events.slice(0, index + 1), IN_ROOM));

  assert.deepEqual(states.map(texts), [["Bringing…"], ["Looking…"], ["Added."]]);
  assert.deepEqual(
    states.map(({ lines }) => lines[0]?.pending),
    [true, true, false],
  );
});

test("an answered line stays in its place, with the time of the question", () => {
  const message = /** @type {const} */ ({
    type: "reply",
    id: 7,
    ok: false,
    text: "No.",
    done: true,
  });
  const state = after(
    [
      { type: "held", id: 7, text: "Bringing…" },
      { type: "said", peer: "a", id: "1", text: "hello" },
      { type: "music", message, now: 0 },
    ],
    IN_ROOM,
  );

  assert.deepEqual(
    state.lines.map(({ text, at, failed }) => [text, at, failed]),
    [
      ["No.", 0, true],
      ["hello", 1, false],
    ],
  );
});

test("each event of the bot is a line of its own", () => {
  const message = /** @type {const} */ ({ type: "event", name: "notice", text: "Again." });
  const event = /** @type {const} */ ({ type: "music", message, now: 0 });

  assert.deepEqual(texts(after([event, event], IN_ROOM)), ["Again.", "Again."]);
});

test("when the bot goes, what it had begun is given up", () => {
  const looking = { type: /** @type {const} */ ("reply"), id: 1, ok: true, text: "Looking…" };
  const state = after(
    [
      { type: "bot", bot: "here" },
      { type: "music", message: { ...looking, done: false }, now: 0 },
      { type: "music", message: { ...looking, id: 2, done: true }, now: 0 },
      { type: "music", message: PLAYING, now: 0 },
      { type: "bot", bot: "absent" },
    ],
    IN_ROOM,
  );

  assert.deepEqual(texts(state), ["The music bot left before it was done.", "Looking…"]);
  assert.deepEqual(
    state.lines.map(({ pending }) => pending),
    [false, false],
  );
  assert.equal(state.music.track, null);
});

test("while a bot is on its way, commands that wait for it go on waiting", () => {
  const state = after(
    [
      { type: "bot", bot: "summoned" },
      { type: "held", id: 1, text: "Bringing…" },
      { type: "bot", bot: "connecting" },
      { type: "bot", bot: "here" },
    ],
    IN_ROOM,
  );

  assert.equal(state.lines[0]?.pending, true);
});

test("a command that nobody answers says so in its line", () => {
  const state = after(
    [
      { type: "held", id: 1, text: "Bringing…" },
      { type: "unanswered", ids: [1, 2], text: "Nobody came." },
    ],
    IN_ROOM,
  );

  assert.deepEqual(
    state.lines.map(({ text, pending, failed }) => [text, pending, failed]),
    [
      ["Nobody came.", false, true],
      ["Nobody came.", false, true],
    ],
  );
});

test("the chat remembers so many lines and no more", () => {
  const events = Array.from({ length: MAX_LINES + 10 }, (_, id) => ({
    type: /** @type {const} */ ("said"),
    peer: "a",
    id: String(id),
    text: String(id),
  }));
  const { lines } = after(events, IN_ROOM);

  assert.deepEqual([lines.length, lines[0]?.text], [MAX_LINES, "10"]);
});

test("lines of others count as unread until the chat is shown", () => {
  const said = /** @type {const} */ ({ type: "said", id: "1", text: "hello" });
  const events = /** @type {RoomEvent[]} */ ([
    { type: "pane", pane: "music" },
    { ...said, peer: "a" },
    { ...said, peer: "me" },
    { type: "peer-joined", peer: peer("b") },
  ]);

  assert.equal(after(events, IN_ROOM).unread, 1);
  const shown = after([...events, { type: "pane", pane: "chat" }], IN_ROOM);
  assert.equal(shown.unread, 0);
  assert.equal(after([{ ...said, peer: "b" }], shown).unread, 0);
});

test("commands of others do not count as unread, the bot's answers do", () => {
  const message = /** @type {const} */ ({ type: "event", name: "notice", text: "Skipped." });
  const state = after(
    [
      { type: "said", peer: "a", id: "1", text: "!skip" },
      { type: "music", message, now: 0 },
    ],
    IN_ROOM,
  );

  assert.deepEqual([state.lines.length, state.unread], [2, 1]);
});

test("errors of the server become sentences", () => {
  const state = after([{ type: "error", code: "too-many", message: "rate" }], IN_ROOM);

  assert.deepEqual(state.notice, { text: "That was too fast. Wait a moment.", tone: "problem" });
});

test("nothing of a room is left behind but the devices", () => {
  const devices = { ...INITIAL.devices, screen: as(new FakeTrack("video")) };
  const state = after(
    [
      { type: "devices", devices },
      { type: "said", peer: "a", id: "1", text: "hello" },
      { type: "left", notice: null },
    ],
    IN_ROOM,
  );

  assert.deepEqual(state, { ...INITIAL, devices });
});
