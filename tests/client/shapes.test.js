import assert from "node:assert/strict";
import { test } from "node:test";

import {
  decodeAs,
  either,
  listOf,
  number,
  oneOf,
  orAbsent,
  orNull,
  record,
  shape,
  text,
} from "../../static/js/shapes.js";

const isPoint = shape({ x: number, name: orAbsent(text) });

test("a shape checks each of its fields and lets others through", () => {
  assert.equal(isPoint({ x: 1 }), true);
  assert.equal(isPoint({ x: 1, name: "a", more: [] }), true);
  for (const value of [{}, { x: "1" }, { x: 1, name: 2 }, null, [], 7, "x", undefined]) {
    assert.equal(isPoint(value), false);
  }
});

test("a number is finite", () => {
  assert.deepEqual([0, -1.5, NaN, Infinity, "1"].map(number), [true, true, false, false, false]);
});

test("guards are put together", () => {
  assert.deepEqual([["a"], [], ["a", 1], "a"].map(listOf(text)), [true, true, false, false]);
  assert.deepEqual(["a", "b", 1].map(oneOf("a")), [true, false, false]);
  assert.deepEqual([null, "a", undefined].map(orNull(text)), [true, true, false]);
  assert.deepEqual([1, "a", null].map(either(text, number)), [true, true, false]);
  assert.deepEqual([{}, [], null].map(record), [true, false, false]);
});

test("decoding gives a message or null, whatever arrives", () => {
  const guards = { point: isPoint };
  const point = { type: "point", x: 1 };

  assert.deepEqual(decodeAs(guards, JSON.stringify(point)), point);
  const others = [
    "",
    "{",
    "null",
    "[]",
    "7",
    '{"type":"point"}',
    '{"type":"other","x":1}',
    '{"type":"toString","x":1}',
    '{"type":7}',
    "[".repeat(100_000),
    undefined,
    new ArrayBuffer(8),
  ];
  for (const data of others) {
    assert.equal(decodeAs(guards, data), null);
  }
});
