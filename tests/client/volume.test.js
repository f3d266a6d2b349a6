import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { gain } from "../../static/js/volume.js";

/** @type {Record<string, number>} The bot's tests read it as well. */
const GAINS = JSON.parse(readFileSync(new URL("../data/volume.json", import.meta.url), "utf8"));

test("half the number is ten decibels less, as with the bot", () => {
  for (const [percent, expected] of Object.entries(GAINS)) {
    assert.ok(Math.abs(gain(Number(percent)) - expected) < 1e-6, percent);
  }
});

test("nothing is louder than full", () => {
  assert.equal(gain(150), 1);
});
