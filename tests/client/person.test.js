import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { Person } from "../../static/js/person.js";
import { FakeConnection } from "./support/connection.js";
import { FakeStream, FakeTrack, as, record, settle } from "./support/fakes.js";

/** @import { Signal } from "../../static/js/protocol.js" */

const MEDIA = { microphone: true, camera: true, screen: false };

/** @returns {import("../../static/js/outgoing.js").Outgoing} */
function outgoing() {
  const tracks = { audio: as(new FakeTrack("audio")), video: as(new FakeTrack("video")) };
  return { stream: as(new FakeStream()), tracks, media: MEDIA };
}

/** One end of a connection between two people. */
class End {
  /** @type {Signal[]} */
  signals = [];
  connection = new FakeConnection();
  outgoing = outgoing();
  /** @type {Person | null} */
  other = null;

  /** @param {{ polite: boolean, knocks: boolean }} manners */
  constructor(manners) {
    this.person = new Person({
      ...manners,
      connection: as(this.connection),
      outgoing: this.outgoing,
      send: (signal) => {
        this.signals.push(signal);
        // The way to the other end takes a while.
        settle().then(() => this.other?.receive(structuredClone(signal)));
      },
    });
  }

  /** @returns {(string | undefined)[]} */
  get descriptions() {
    return this.signals.map(({ description }) => description?.type);
  }

  /** @returns {string[]} */
  get lines() {
    return this.connection.getTransceivers().map(({ kind, direction }) => `${kind} ${direction}`);
  }
}

const IMPOLITE = { polite: false, knocks: false };

/**
 * @returns {[End, End]} the second is polite
 */
function pair() {
  const first = new End(IMPOLITE);
  const second = new End({ polite: true, knocks: false });
  first.other = second.person;
  second.other = first.person;
  return [first, second];
}

async function agree() {
  for (let turn = 0; turn < 20; turn += 1) {
    await settle();
  }
}

const BOTH = ["audio sendrecv", "video sendrecv"];

const warn = mock.method(console, "warn", () => {});

beforeEach(() => warn.mock.resetCalls());

test("one offers, and the other answers on the same two lines", async () => {
  const [first, second] = pair();
  await agree();

  assert.deepEqual(first.descriptions, ["offer"]);
  assert.deepEqual(second.descriptions, ["answer"]);
  assert.deepEqual([first.lines, second.lines], [BOTH, BOTH]);
});

test("both send their tracks on those lines", async () => {
  const [first, second] = pair();
  await agree();

  for (const { connection, outgoing: sent } of [first, second]) {
    const tracks = connection.getTransceivers().map(({ sender }) => sender.track);
    assert.deepEqual(tracks, [sent.tracks.audio, sent.tracks.video]);
  }
});

test("when both restart ICE at once the polite one gives way", async () => {
  const [first, second] = pair();
  await agree();
  first.person.restartIce();
  second.person.restartIce();
  await agree();

  assert.equal(first.connection.signalingState, "stable");
  assert.equal(second.connection.signalingState, "stable");
  assert.deepEqual(first.descriptions, ["offer", "offer"]);
  assert.deepEqual([first.lines, second.lines], [BOTH, BOTH]);
  assert.equal(warn.mock.callCount(), 0);
});

test("an offer that comes right after the answer is taken, while the answer still is", async () => {
  const [first, second] = pair();
  first.other = null;
  second.other = null;
  await settle();
  await second.person.receive(structuredClone(first.signals.at(-1) ?? {}));
  await agree();
  const answer = second.signals.find(({ description }) => description?.type === "answer");
  second.person.restartIce();
  await agree();
  const offer = second.signals.findLast(({ description }) => description?.type === "offer");
  first.person.receive(structuredClone(answer ?? {}));
  first.person.receive(structuredClone(offer ?? {}));
  await agree();

  assert.deepEqual(first.descriptions, ["offer", "answer"]);
  assert.equal(warn.mock.callCount(), 0);
});

test("when both begin at once only the polite one is superseded", async () => {
  const [first, second] = [new End(IMPOLITE), new End({ polite: true, knocks: true })];
  await settle();

  assert.equal(second.person.isSupersededBy(first.signals[0] ?? {}), true);
  assert.equal(first.person.isSupersededBy(second.signals[0] ?? {}), false);
  assert.equal(second.person.isSupersededBy({ candidate: null }), false);
});

test("a polite end that knocks is brought the lines by the other", async () => {
  const second = new End({ polite: true, knocks: true });
  await settle();
  assert.deepEqual(second.lines, []);
  const first = new End(IMPOLITE);
  first.other = second.person;
  second.other = first.person;
  first.person.receive(structuredClone(second.signals[0] ?? {}));
  await agree();

  assert.deepEqual([first.lines, second.lines], [BOTH, BOTH]);
  assert.deepEqual(
    [...first.descriptions, ...second.descriptions],
    ["answer", "offer", "offer", "answer"],
  );
});

test("candidates of an offer that was ignored do no harm", async () => {
  const end = new End(IMPOLITE);
  await settle();
  const offer = { type: /** @type {const} */ ("offer"), sdp: "o=- 999 1\r\nm=audio 1" };

  await end.person.receive({ description: offer });
  await end.person.receive({ candidate: { candidate: "bad" } });

  assert.equal(end.connection.signalingState, "have-local-offer");
  assert.deepEqual(end.descriptions, ["offer"]);
  assert.deepEqual(end.connection.candidates, []);
  assert.equal(warn.mock.callCount(), 0);
});

test("the end of the candidates is passed on", async () => {
  const end = new End(IMPOLITE);

  await end.person.receive({ candidate: null });

  assert.deepEqual(end.connection.candidates, [undefined]);
});

test("other tracks are sent without another offer", async () => {
  const [first] = pair();
  await agree();
  const track = as(new FakeTrack("video"));
  first.person.update({ ...first.outgoing, tracks: { audio: null, video: track } });
  await agree();

  const tracks = first.connection.getTransceivers().map(({ sender }) => sender.track);
  assert.deepEqual(tracks, [null, track]);
  assert.deepEqual(first.descriptions, ["offer"]);
});

test("what is said before the channel opens is sent when it does, but not without end", () => {
  const end = new End(IMPOLITE);
  for (let id = 0; id < 60; id += 1) {
    end.person.say({ type: "chat", id: String(id), text: "x", at: 0 });
  }
  const [channel] = end.connection.channels;
  channel?.open();

  const [media, ...lines] = channel?.sent ?? [];
  assert.deepEqual(media, { type: "media", ...MEDIA });
  assert.deepEqual([lines.length, lines.at(0).id, lines.at(-1).id], [50, "10", "59"]);
});

test("the other end is told when the microphone is muted", () => {
  const end = new End(IMPOLITE);
  const [channel] = end.connection.channels;
  channel?.open();
  end.person.update({ ...end.outgoing, media: { ...MEDIA, microphone: false } });

  assert.equal(channel?.sent.at(-1).microphone, false);
});

test("messages of the channel are told, and nonsense is not", () => {
  const end = new End(IMPOLITE);
  const told = record(end.person, "message");
  const [channel] = end.connection.channels;
  const message = { type: "chat", id: "1", text: "hello", at: 5 };
  channel?.receive(message);
  channel?.receive({ type: "chat", text: 7 });

  assert.deepEqual(told, [message]);
});

test("a failed connection restarts ICE twice, and then is lost", () => {
  const end = new End(IMPOLITE);
  const lost = record(end.person, "lost");
  end.connection.connect("failed");
  end.connection.connect("failed");
  assert.deepEqual([end.connection.restarts, lost.length], [2, 0]);
  end.connection.connect("failed");

  assert.deepEqual([end.connection.restarts, lost.length], [2, 1]);
});

test("a connection that came back has all its restarts again", () => {
  const end = new End(IMPOLITE);
  const lost = record(end.person, "lost");
  for (const state of ["failed", "failed", "connected", "failed", "failed"]) {
    end.connection.connect(state);
  }

  assert.deepEqual([end.connection.restarts, lost.length], [4, 0]);
});

test("a connection that is only disconnected is shown as interrupted and left alone", () => {
  const end = new End(IMPOLITE);
  const links = record(end.person, "link");
  for (const state of ["connecting", "connected", "disconnected", "connected"]) {
    end.connection.connect(state);
  }

  assert.deepEqual(links, ["connecting", "connected", "interrupted", "connected"]);
  assert.equal(end.connection.restarts, 0);
});

test("an offer of another session comes from a connection that was built anew", async () => {
  const [first, second] = pair();
  await agree();
  const own = first.signals[0] ?? {};
  const foreign = new End(IMPOLITE);
  await settle();

  assert.equal(second.person.isSupersededBy(own), false);
  assert.equal(second.person.isSupersededBy(foreign.signals[0] ?? {}), true);
  assert.equal(second.person.isSupersededBy({ candidate: null }), false);
});

test("a connection is settled when it stands and no answer is awaited", async () => {
  const [first] = pair();
  await agree();
  assert.equal(first.person.isSettled, false);
  first.connection.connect("connected");
  assert.equal(first.person.isSettled, true);
  first.other = null;
  first.person.restartIce();
  await settle();

  assert.equal(first.person.isSettled, false);
});

test("after close nothing is told and nothing is sent", async () => {
  const end = new End(IMPOLITE);
  const told = record(end.person, "track", "link", "message", "lost");
  end.person.close();
  end.person.close();
  end.connection.connect("failed");
  end.connection.channels[0]?.receive({ type: "chat", id: "1", text: "late", at: 0 });
  await end.person.receive({ candidate: null });
  await agree();

  assert.deepEqual(told, []);
  assert.deepEqual(end.signals, []);
  assert.equal(warn.mock.callCount(), 0);
});
