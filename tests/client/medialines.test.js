import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { MediaLines } from "../../static/js/medialines.js";
import { FakeConnection } from "./support/connection.js";
import { FakeStream, FakeTrack, as, settle } from "./support/fakes.js";

const warn = mock.method(console, "warn", () => {});

beforeEach(() => warn.mock.resetCalls());

function make() {
  const connection = new FakeConnection();
  const outgoing = {
    stream: as(new FakeStream()),
    tracks: { audio: as(new FakeTrack("audio")), video: as(new FakeTrack("video")) },
    media: { microphone: true, camera: true, screen: false },
  };
  return { connection, outgoing, lines: new MediaLines(as(connection), outgoing) };
}

/** @param {FakeConnection} connection */
function encodings(connection) {
  return connection.getTransceivers().map(({ sender }) => sender.parameters.encodings);
}

test("lines that were offered are used in both directions", () => {
  const { connection, lines, outgoing } = make();
  const offered = [connection.addTransceiver("audio"), connection.addTransceiver("video")];
  for (const line of offered) {
    line.direction = "recvonly";
  }
  lines.adopt();
  lines.adopt();

  assert.deepEqual(
    offered.map(({ direction, sender }) => [direction, sender.track]),
    [
      ["sendrecv", outgoing.tracks.audio],
      ["sendrecv", outgoing.tracks.video],
    ],
  );
});

test("what is not known to be needed is not replaced", async () => {
  const { connection, lines, outgoing } = make();
  lines.add();
  await settle();
  const [audio] = connection.getTransceivers();
  const replace = mock.method(as(audio).sender, "replaceTrack");
  lines.update(outgoing);
  assert.equal(replace.mock.callCount(), 0);
  lines.update({ ...outgoing, tracks: { audio: null, video: null } });

  assert.equal(replace.mock.callCount(), 1);
});

test("the picture is limited, the sound is not", async () => {
  const { connection, lines } = make();
  lines.add();
  lines.limitPicture(300_000);
  await settle();

  assert.deepEqual(encodings(connection), [[{}], [{ maxBitrate: 300_000 }]]);
});

test("a limit that comes before the lines holds for them", async () => {
  const { connection, lines } = make();
  lines.limitPicture(300_000);
  lines.add();
  await settle();

  assert.deepEqual(encodings(connection), [[{}], [{ maxBitrate: 300_000 }]]);
});

test("a browser that has no encodings yet is not asked to limit them", async () => {
  const { connection, lines } = make();
  lines.add();
  const [, video] = connection.getTransceivers();
  as(video).sender.parameters = { encodings: [] };
  lines.limitPicture(300_000);
  await settle();

  assert.deepEqual(encodings(connection)[1], []);
  assert.equal(warn.mock.callCount(), 0);
});

test("a refusal is reported, but not after the connection is closed", async () => {
  const { connection, lines, outgoing } = make();
  lines.add();
  await settle();
  for (const { sender } of connection.getTransceivers()) {
    sender.replaceTrack = () => Promise.reject(new Error("no"));
  }
  const nothing = { ...outgoing, tracks: { audio: null, video: null } };
  lines.update(nothing);
  await settle();
  assert.equal(warn.mock.callCount(), 2);
  connection.close();
  lines.update(nothing);
  await settle();

  assert.equal(warn.mock.callCount(), 2);
});
