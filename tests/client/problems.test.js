import assert from "node:assert/strict";
import { test } from "node:test";

import {
  deviceProblem,
  deviceProblems,
  endsStay,
  serverProblem,
} from "../../static/js/problems.js";

test("each problem of a device has a sentence of its own, which names the device", () => {
  const names = [
    "NotAllowedError",
    "NotFoundError",
    "NotReadableError",
    "OverconstrainedError",
    "SecurityError",
    "Ended",
    "AbortError",
  ];
  const sentences = names.map((name) => deviceProblem("camera", name));

  assert.equal(new Set(sentences).size, names.length);
  for (const sentence of sentences) {
    assert.match(sentence, /camera.*\.$/u);
  }
});

test("the way to try again is one that the page offers at that place", () => {
  for (const name of ["NotAllowedError", "NotFoundError", "NotReadableError", "AbortError"]) {
    assert.match(deviceProblem("camera", name), /then turn the camera on again\.$/u);
    assert.match(deviceProblem("camera", name, "press"), /then press Try again\.$/u);
  }
  const refused = { problem: "NotAllowedError" };
  const [text] = deviceProblems({ microphone: refused, camera: refused }, "press");
  assert.match(text ?? "", /Allow both .*, then press Try again\.$/u);
});

test("what the page has no words for the server has", () => {
  assert.equal(serverProblem("room-full", "x"), "This room is full.");
  assert.equal(serverProblem("strange", "The server's own words."), "The server's own words.");
  assert.equal(serverProblem("toString", "Own words."), "Own words.");
});

test("coming back by oneself is right after faults only", () => {
  /** @type {(inside: boolean, ...codes: string[]) => boolean[]} */
  const ends = (inside, ...codes) => codes.map((code) => endsStay(code, inside));

  assert.deepEqual(ends(true, "kicked", "room-full", "room-locked"), [true, true, true]);
  assert.deepEqual(ends(true, "no-bot", "too-many", "bad-message"), [false, false, false]);
  assert.deepEqual(ends(false, "too-many", "server-full"), [false, false]);
  assert.deepEqual(ends(false, "room-full", "bad-message"), [true, true]);
});

test("the same problem of both devices is told once, others each", () => {
  /** @type {(microphone: string | null, camera: string | null) => string[]} */
  const told = (microphone, camera) =>
    deviceProblems({ microphone: { problem: microphone }, camera: { problem: camera } });

  assert.deepEqual(told(null, null), []);
  assert.equal(told("NotAllowedError", "NotAllowedError").length, 1);
  assert.deepEqual(told(null, "Ended"), [deviceProblem("camera", "Ended")]);
  assert.deepEqual(told("Ended", "Ended").length, 2);
  assert.deepEqual(told("NotFoundError", "NotAllowedError").length, 2);
});
