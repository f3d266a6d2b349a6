import assert from "node:assert/strict";
import { test } from "node:test";

import { MAX_HELD, PATIENCE } from "../../static/js/held.js";
import {
  BROKEN,
  CONNECTING,
  GONE,
  Jukebox,
  NEVER_CAME,
  SUMMONING,
  TOO_MANY,
} from "../../static/js/jukebox.js";
import { FakeClock, as, record } from "./support/fakes.js";

const OFFER = { description: { type: /** @type {const} */ ("offer"), sdp: "v=0" } };

class FakeListener extends EventTarget {
  isOpen = false;
  closed = false;
  /** @type {any[]} */
  commands = [];
  /** @type {any[]} */
  taken = [];

  /** @param {string} bot */
  constructor(bot) {
    super();
    this.bot = bot;
  }

  /** @param {any} offer */
  answer(offer) {
    this.taken.push(offer);
  }

  /** @param {any} candidate */
  addCandidate(candidate) {
    this.taken.push(candidate);
  }

  /** @param {any} command */
  command(command) {
    if (this.isOpen) {
      this.commands.push(command.text);
    }
    return this.isOpen;
  }

  close() {
    this.closed = true;
    this.isOpen = false;
  }

  open() {
    this.isOpen = true;
    this.dispatchEvent(new CustomEvent("open"));
  }

  /**
   * @param {string} type
   * @param {unknown} detail
   */
  emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

function make() {
  const clock = new FakeClock();
  /** @type {FakeListener[]} */
  const listeners = [];
  /** @type {string[]} */
  const summons = [];
  const jukebox = new Jukebox({
    listen: (bot) => {
      const listener = new FakeListener(bot);
      listeners.push(listener);
      return as(listener);
    },
    summon: () => summons.push("summon"),
    clock,
  });
  const told = record(jukebox, "event");
  const connect = () => {
    jukebox.setBot("bot");
    jukebox.receive(OFFER);
    const listener = /** @type {FakeListener} */ (listeners.at(-1));
    listener.open();
    return listener;
  };
  return { clock, connect, jukebox, listeners, summons, told };
}

/** @param {any[]} told */
function bots(told) {
  return told.filter(({ type }) => type === "bot").map(({ bot }) => bot);
}

test("a bot that is here is sent the command at once", () => {
  const { connect, jukebox, summons } = make();
  const listener = connect();
  jukebox.command("!skip");

  assert.deepEqual([listener.commands, summons], [["!skip"], []]);
});

test("without a bot one is summoned, and gets the commands in their order", () => {
  const { connect, jukebox, summons, told } = make();
  jukebox.command("!play x");
  jukebox.command("!queue");
  assert.deepEqual(
    told.filter(({ type }) => type === "held").map(({ id, text }) => [id, text]),
    [
      [1, SUMMONING],
      [2, SUMMONING],
    ],
  );
  assert.ok(summons.length > 0);

  assert.deepEqual(connect().commands, ["!play x", "!queue"]);
  assert.deepEqual(bots(told).slice(-3), ["connecting", "connecting", "here"]);
});

test("a bot that is in the room already is not summoned", () => {
  const { jukebox, summons, told } = make();
  jukebox.setBot("bot");
  jukebox.command("!skip");

  assert.deepEqual(summons, []);
  assert.equal(told.at(-1).text, CONNECTING);
});

test("a bot that does not come is given up, with the commands that waited for it", () => {
  const { clock, connect, jukebox, told } = make();
  jukebox.command("!play x");
  clock.advance(PATIENCE - 1);
  assert.equal(told.at(-1).type, "bot");
  clock.advance(1);

  assert.deepEqual(told.slice(-2), [
    { type: "unanswered", ids: [1], text: NEVER_CAME },
    { type: "bot", bot: "absent" },
  ]);
  assert.deepEqual(connect().commands, []);
});

test("a command that was sent in time is not given up later", () => {
  const { clock, connect, jukebox, told } = make();
  jukebox.command("!play x");
  connect();
  clock.advance(PATIENCE);

  assert.ok(told.every(({ type }) => type !== "unanswered"));
});

test("no more commands wait than there is room for", () => {
  const { jukebox, told } = make();
  for (let turn = 0; turn <= MAX_HELD; turn += 1) {
    jukebox.command("!skip");
  }

  assert.deepEqual(told.at(-1), { type: "unanswered", ids: [MAX_HELD + 1], text: TOO_MANY });
});

test("a refusal answers all that wait, and nobody else", () => {
  const { jukebox, told } = make();
  assert.equal(jukebox.refuse("None."), false);
  jukebox.command("!skip");

  assert.equal(jukebox.refuse("None."), true);
  assert.deepEqual(told.slice(-2), [
    { type: "unanswered", ids: [1], text: "None." },
    { type: "bot", bot: "absent" },
  ]);
});

test("an offer replaces the connection that was", () => {
  const { connect, jukebox, listeners, told } = make();
  const first = connect();
  jukebox.receive(OFFER);
  told.length = 0;
  first.emit("message", { type: "reply" });
  first.emit("lost", null);

  assert.deepEqual([first.closed, listeners.length, told], [true, 2, []]);
  assert.deepEqual(listeners[1]?.taken, [OFFER.description]);
});

test("candidates go to the present connection", () => {
  const { connect, jukebox } = make();
  jukebox.receive({ candidate: null });
  const listener = connect();
  jukebox.receive({ candidate: { candidate: "x" } });
  jukebox.receive({ candidate: null });

  assert.deepEqual(listener.taken.slice(1), [{ candidate: "x" }, null]);
});

test("an offer of a bot that has left is dropped", () => {
  const { jukebox, listeners } = make();
  jukebox.receive(OFFER);

  assert.deepEqual(listeners, []);
});

test("what the bot tells is passed on with the time, and its sound", () => {
  const { clock, connect, told } = make();
  const listener = connect();
  listener.emit("message", { type: "reply" });
  listener.emit("stream", "the stream");

  assert.deepEqual(told.slice(-2), [
    { type: "music", message: { type: "reply" }, now: clock.time },
    { type: "sound", stream: "the stream" },
  ]);
});

test("a lost connection waits for the bot to offer again, and commands wait as well", () => {
  const { connect, jukebox, summons, told } = make();
  const listener = connect();
  listener.emit("lost", null);
  assert.deepEqual([listener.closed, bots(told).at(-1)], [true, "connecting"]);
  jukebox.command("!skip");

  assert.deepEqual(summons, []);
  assert.deepEqual(connect().commands, ["!skip"]);
});

test("when the bot leaves while commands wait, another is summoned", () => {
  const { jukebox, summons, told } = make();
  jukebox.setBot("bot");
  jukebox.command("!skip");
  jukebox.setBot(null);

  assert.equal(summons.length, 1);
  assert.equal(bots(told).at(-1), "summoned");
});

test("when the bot leaves and nothing waits, none is summoned", () => {
  const { connect, jukebox, summons, told } = make();
  const listener = connect();
  jukebox.setBot(null);

  assert.deepEqual([listener.closed, summons, bots(told).at(-1)], [true, [], "absent"]);
});

/** @param {any[]} told */
function unanswered(told) {
  return told.filter(({ type }) => type === "unanswered").map(({ ids, text }) => [ids, text]);
}

test("a command that a bot took with it when it left is given to the next one, but only once", () => {
  const { connect, jukebox, summons, told } = make();
  const listener = connect();
  jukebox.command("!play x");
  listener.emit("lost", null);
  jukebox.setBot(null);
  assert.deepEqual([summons.length, told.at(-1)], [1, { type: "bot", bot: "summoned" }]);

  assert.deepEqual(connect().commands, ["!play x"]);
  jukebox.setBot(null);
  assert.deepEqual(unanswered(told), [[[1], GONE]]);
  assert.deepEqual(connect().commands, []);
});

test("a command that was answered, or that nobody waits for any more, is not given to the next", () => {
  const { clock, connect, jukebox, summons } = make();
  const listener = connect();
  jukebox.command("!volume 50");
  clock.advance(PATIENCE);
  jukebox.command("!skip");
  listener.emit("message", { type: "reply", id: 2 });
  jukebox.setBot(null);

  assert.deepEqual([summons, connect().commands], [[], []]);
});

test("what is too old to be repeated makes room for what is not", () => {
  const { clock, connect, jukebox } = make();
  connect();
  for (let turn = 0; turn < MAX_HELD; turn += 1) {
    jukebox.command("!queue");
  }
  clock.advance(PATIENCE);
  jukebox.command("!skip");
  jukebox.setBot(null);

  assert.deepEqual(connect().commands, ["!skip"]);
});

test("what the same bot did not answer before the connection broke is not done twice", () => {
  const { connect, jukebox, told } = make();
  const listener = connect();
  jukebox.command("!skip");
  listener.emit("lost", null);

  assert.deepEqual(connect().commands, []);
  assert.deepEqual(unanswered(told), [[[1], BROKEN]]);
});

test("what the bot did not answer before a reset is said to be uncertain", () => {
  const { connect, jukebox, told } = make();
  connect();
  jukebox.command("!skip");
  jukebox.reset();

  assert.deepEqual(unanswered(told), [[[1], BROKEN]]);
});

test("after a reset the connection is gone, but not what waits", () => {
  const { connect, jukebox, summons } = make();
  const listener = connect();
  listener.emit("lost", null);
  jukebox.command("!skip");
  jukebox.reset();

  assert.deepEqual(summons, []);
  assert.deepEqual(connect().commands, ["!skip"]);
});

test("after close nothing is told and no timer runs", () => {
  const { clock, jukebox, listeners, told } = make();
  jukebox.setBot("bot");
  jukebox.command("!skip");
  jukebox.close();
  jukebox.close();
  told.length = 0;
  jukebox.receive(OFFER);
  clock.advance(PATIENCE);

  assert.deepEqual([told, listeners, clock.pending], [[], [], 0]);
});
