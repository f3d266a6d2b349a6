import assert from "node:assert/strict";
import { test } from "node:test";

import { outgoingOf } from "../../static/js/outgoing.js";
import { INITIAL } from "../../static/js/state.js";
import { FakeStream, FakeTrack, as } from "./support/fakes.js";

const STREAM = as(new FakeStream());
const AUDIO = as(new FakeTrack("audio"));
const CAMERA = as(new FakeTrack("video"));
const SCREEN = as(new FakeTrack("video"));
const OFF = INITIAL.devices.camera;

test("nothing is sent without devices", () => {
  assert.deepEqual(outgoingOf(INITIAL.devices, STREAM), {
    stream: STREAM,
    tracks: { audio: null, video: null },
    media: { microphone: false, camera: false, screen: false },
  });
});

test("a muted microphone is still there, but said to be muted", () => {
  const devices = { ...INITIAL.devices, microphone: { ...OFF, track: AUDIO } };
  const { tracks, media } = outgoingOf(devices, STREAM);

  assert.deepEqual([tracks.audio, media.microphone], [AUDIO, false]);
});

test("a screen takes the place of the camera", () => {
  const devices = {
    ...INITIAL.devices,
    camera: { ...OFF, on: true, track: CAMERA },
    screen: SCREEN,
  };
  const { tracks, media } = outgoingOf(devices, STREAM);

  assert.equal(tracks.video, SCREEN);
  assert.deepEqual(media, { microphone: false, camera: true, screen: true });
});
