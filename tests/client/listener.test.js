import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { Listener } from "../../static/js/listener.js";
import { FakeChannel, FakeStream, FakeTrack, as, record } from "./support/fakes.js";

const OFFER = [
  "v=0",
  "o=- 1 1 IN IP4 127.0.0.1",
  "m=audio 9 UDP/TLS/RTP/SAVPF 96",
  "a=mid:0",
  "a=rtpmap:96 opus/48000/2",
  "a=rtcp-fb:96 nack",
  "a=fmtp:96 stereo=1;sprop-stereo=1",
  "",
].join("\r\n");

const ANSWER = [
  "v=0",
  "o=- 2 1 IN IP4 127.0.0.1",
  "m=audio 9 UDP/TLS/RTP/SAVPF 96",
  "a=mid:0",
  "a=rtpmap:96 opus/48000/2",
  "a=fmtp:96 minptime=10;useinbandfec=1",
  "",
].join("\r\n");

/** The end that answers; what it is given is kept. */
class FakeAnswerer extends EventTarget {
  connectionState = "new";
  refusesChanges = false;
  closed = false;
  /** @type {any} */
  remoteDescription = null;
  /** @type {any} */
  localDescription = null;
  /** @type {any[]} */
  candidates = [];

  /** @param {any} description */
  async setRemoteDescription(description) {
    if (!description.sdp.startsWith("v=0")) {
      throw new Error("This is no description.");
    }
    this.remoteDescription = description;
  }

  async createAnswer() {
    return { type: "answer", sdp: ANSWER };
  }

  /** @param {any} description */
  async setLocalDescription(description) {
    if (this.refusesChanges && description.sdp !== ANSWER) {
      throw new Error("The answer was changed.");
    }
    this.localDescription = description;
  }

  /** @param {any} candidate */
  async addIceCandidate(candidate) {
    this.candidates.push(candidate);
  }

  close() {
    this.closed = true;
  }

  /**
   * @param {string} type
   * @param {object} [fields]
   */
  emit(type, fields = {}) {
    this.dispatchEvent(Object.assign(new Event(type), fields));
  }
}

const warn = mock.method(console, "warn", () => {});

beforeEach(() => warn.mock.resetCalls());

function make() {
  const connection = new FakeAnswerer();
  /** @type {any[]} */
  const signals = [];
  const listener = new Listener({
    connection: as(connection),
    send: (signal) => signals.push(signal),
  });
  return { connection, listener, signals };
}

test("an offer is answered in stereo, with NACK", async () => {
  const { listener, connection, signals } = make();
  await listener.answer({ type: "offer", sdp: OFFER });

  assert.match(signals[0].description.sdp, /a=fmtp:96 minptime=10;useinbandfec=1;stereo=1\r\n/u);
  assert.match(signals[0].description.sdp, /a=rtcp-fb:96 nack\r\n/u);
  assert.equal(connection.localDescription.sdp, signals[0].description.sdp);
});

test("a browser that refuses a changed answer gives its own", async () => {
  const { listener, connection, signals } = make();
  connection.refusesChanges = true;
  await listener.answer({ type: "offer", sdp: OFFER });

  assert.deepEqual(signals, [{ description: { type: "answer", sdp: ANSWER } }]);
});

test("an offer that cannot be answered loses the connection and rejects nothing", async () => {
  const { listener, signals } = make();
  const lost = record(listener, "lost");
  await listener.answer({ type: "offer", sdp: "nonsense" });

  assert.deepEqual([lost, signals], [["lost"], []]);
});

test("the buffer is deepened, in the unit that the browser knows", () => {
  const { connection } = make();
  const [present, older, neither] = [{ jitterBufferTarget: null }, { playoutDelayHint: null }, {}];
  for (const receiver of [present, older, neither]) {
    connection.emit("track", { receiver, track: new FakeTrack("audio"), streams: [{}] });
  }

  assert.deepEqual(
    [present, older, neither],
    [{ jitterBufferTarget: 200 }, { playoutDelayHint: 0.2 }, {}],
  );
});

test("the stream of the track is told", () => {
  const { connection, listener } = make();
  const told = record(listener, "stream");
  const stream = new FakeStream();
  connection.emit("track", { receiver: {}, track: new FakeTrack("audio"), streams: [stream] });

  assert.deepEqual(told, [stream]);
});

test("commands go over the channel once the bot is heard on it", () => {
  const { connection, listener } = make();
  const told = record(listener, "open");
  const channel = new FakeChannel("music");
  const command = /** @type {const} */ ({ type: "command", id: 1, text: "!skip" });
  assert.equal(listener.command(command), false);
  connection.emit("datachannel", { channel });
  channel.open();
  assert.equal(listener.command(command), false);
  channel.receive({ type: "reply", id: 0, ok: true, text: "Pong.", done: true });
  channel.receive({ type: "reply", id: 0, ok: true, text: "Pong.", done: true });

  assert.deepEqual([told, listener.isOpen], [["open"], true]);
  assert.equal(listener.command(command), true);
  assert.deepEqual(channel.sent, [command]);
});

test("channels of another name are not the music's", () => {
  const { connection, listener } = make();
  const channel = new FakeChannel("else");
  channel.open();
  connection.emit("datachannel", { channel });

  assert.equal(listener.isOpen, false);
});

test("what the bot says is told, and nonsense is not", () => {
  const { connection, listener } = make();
  const told = record(listener, "message");
  const channel = new FakeChannel("music");
  connection.emit("datachannel", { channel });
  const reply = { type: "reply", id: 1, ok: true, text: "Skipped.", done: true };
  channel.receive(reply);
  channel.receive({ type: "reply", id: 1 });

  assert.deepEqual(told, [reply]);
});

test("a failed connection and a closed channel are lost", () => {
  const { connection, listener } = make();
  const lost = record(listener, "lost");
  const channel = new FakeChannel("music");
  connection.emit("datachannel", { channel });
  connection.connectionState = "failed";
  connection.emit("connectionstatechange");
  channel.dispatchEvent(new Event("close"));

  assert.equal(lost.length, 2);
});

test("candidates go both ways", async () => {
  const { connection, listener, signals } = make();
  await listener.addCandidate({ candidate: "theirs" });
  await listener.addCandidate(null);
  connection.emit("icecandidate", { candidate: { toJSON: () => ({ candidate: "ours" }) } });
  connection.emit("icecandidate", { candidate: null });

  assert.deepEqual(connection.candidates, [{ candidate: "theirs" }, undefined]);
  assert.deepEqual(signals, [{ candidate: { candidate: "ours" } }, { candidate: null }]);
});

test("after close nothing is told and nothing is sent", async () => {
  const { connection, listener, signals } = make();
  const told = record(listener, "stream", "open", "message", "lost");
  listener.close();
  listener.close();
  connection.connectionState = "failed";
  connection.emit("connectionstatechange");
  connection.emit("icecandidate", { candidate: null });
  await listener.answer({ type: "offer", sdp: OFFER });

  assert.deepEqual([told, signals], [[], []]);
  assert.equal(connection.closed, true);
});
