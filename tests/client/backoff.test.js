import assert from "node:assert/strict";
import { test } from "node:test";

import { MAX_DELAY, delayBefore } from "../../static/js/backoff.js";

test("delays double until they are long enough", () => {
  const delays = [0, 1, 2, 3, 4, 5, 6, 100].map((attempt) => delayBefore(attempt, () => 1));

  assert.deepEqual(delays, [0.5, 1, 2, 4, 8, 16, MAX_DELAY, MAX_DELAY]);
});

test("chance shortens a delay by half at most", () => {
  for (let attempt = 0; attempt < 10; attempt += 1) {
    assert.equal(
      delayBefore(attempt, () => 0),
      delayBefore(attempt, () => 1) / 2,
    );
  }
});
