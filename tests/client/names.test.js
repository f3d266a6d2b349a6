import assert from "node:assert/strict";
import { test } from "node:test";

import { distinctNames } from "../../static/js/names.js";

/** @import { Names } from "../../static/js/names.js" */

/**
 * @param {...string} names their ids are their places
 * @returns {{ id: string, name: string }[]}
 */
function people(...names) {
  return names.map((name, id) => ({ id: String(id), name }));
}

/**
 * @param {Names} names
 * @returns {string[]}
 */
function shown(names) {
  return Object.values(names).map((each) => each.shown);
}

test("people of one name are numbered in the order in which they came", () => {
  const names = distinctNames({}, people("Ben", "Ann", "Ben", "Ben"));

  assert.deepEqual(shown(names), ["Ben", "Ann", "Ben (2)", "Ben (3)"]);
});

test("who stays keeps the name, and who comes gets one that is free", () => {
  const all = people("Ben", "Ben", "Ben");
  const without = distinctNames(distinctNames({}, all.slice(0, 2)), all.slice(1, 2));
  assert.deepEqual(shown(without), ["Ben (2)"]);

  assert.deepEqual(shown(distinctNames(without, all.slice(1))), ["Ben (2)", "Ben"]);
});

test("who takes another name is called by it", () => {
  const names = distinctNames({}, people("Ben", "Ben"));

  assert.deepEqual(shown(distinctNames(names, people("Ben", "Ann"))), ["Ben", "Ann"]);
});

test("a number that somebody has as a name is left out", () => {
  const names = distinctNames({}, people("Ben (2)", "Ben", "Ben"));

  assert.deepEqual(shown(names), ["Ben (2)", "Ben", "Ben (3)"]);
});
