import assert from "node:assert/strict";
import { test } from "node:test";

import { clamp, clock, count, hue, initials } from "../../static/js/format.js";

test("times are written as clocks do", () => {
  const times = [0, 59.99, 60, 187, 3599, 3600, 36_061, -3];

  assert.deepEqual(times.map(clock), [
    "0:00",
    "0:59",
    "1:00",
    "3:07",
    "59:59",
    "1:00:00",
    "10:01:01",
    "0:00",
  ]);
});

test("nouns agree with their number", () => {
  const texts = [0, 1, 2].map((number) => count(number, "track"));

  assert.deepEqual(texts, ["0 tracks", "1 track", "2 tracks"]);
});

test("initials are whole characters of the first and the last word", () => {
  const names = ["ann", "Ann Marie  Lee", " ", "👩‍👩‍👧 x", "Émile", "山田 太郎", "ß"];

  assert.deepEqual(names.map(initials), ["A", "AL", "?", "👩‍👩‍👧X", "É", "山太", "SS"]);
});

test("a text always has the same hue, within the circle", () => {
  assert.equal(hue("Ann"), hue("Ann"));
  assert.notEqual(hue("Ann"), hue("Ben"));
  for (const name of ["", "x".repeat(500), "👩‍👩‍👧"]) {
    assert.ok(hue(name) >= 0 && hue(name) < 360);
  }
});

test("a number is held between two others", () => {
  assert.deepEqual(
    [-1, 5, 11].map((value) => clamp(value, 0, 10)),
    [0, 5, 10],
  );
});
