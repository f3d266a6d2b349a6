import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { systemClock } from "../../static/js/clock.js";

test("the clock counts seconds", () => {
  const before = performance.now() / 1000;

  assert.ok(Math.abs(systemClock.now() - before) < 1);
});

test("what is aborted before its time does not happen", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const [kept, aborted, late] = [1, 2, 3].map(() => new AbortController());
  /** @type {string[]} */
  const happened = [];
  systemClock.after(1, () => happened.push("kept"), as(kept).signal);
  systemClock.after(1, () => happened.push("aborted"), as(aborted).signal);
  as(aborted).abort();
  as(late).abort();
  systemClock.after(1, () => happened.push("late"), as(late).signal);
  mock.timers.tick(999);
  assert.deepEqual(happened, []);
  mock.timers.tick(1);
  mock.timers.reset();

  assert.deepEqual(happened, ["kept"]);
});

/**
 * @param {AbortController | undefined} controller
 * @returns {AbortController}
 */
function as(controller) {
  return /** @type {AbortController} */ (controller);
}
