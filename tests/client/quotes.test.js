import assert from "node:assert/strict";
import { test } from "node:test";

import { quotes } from "../../static/js/quotes.js";

/**
 * @param {string} line
 * @returns {string[]}
 */
function quoted(line) {
  return quotes(line).flatMap((piece) => (piece.quoted ? [piece.text] : []));
}

const LINES = [
  ["Skipped “שיר”.", ["שיר"]],
  ["1. “أغنية” (3:07) for Ann\n2. “T” for Ben", ["أغنية", "T"]],
  ["Paused “A “B” C” at 0:07.", ["A “B” C"]],
  ["“a”“b”", ["a", "b"]],
  ["Nothing plays.", []],
  ["“” is nothing, ” is closed, “ is open", []],
  ["", []],
];

test("what stands between quotation marks is found, whichever way it is written", () => {
  for (const [line, expected] of LINES) {
    assert.deepEqual(quoted(String(line)), expected, String(line));
  }
});

test("together the pieces are the line again", () => {
  for (const [line] of LINES) {
    const pieces = quotes(String(line)).map(({ text }) => text);
    assert.equal(pieces.join(""), line);
  }
});
