import assert from "node:assert/strict";
import { test } from "node:test";

import { HeldCommands, MAX_HELD, PATIENCE } from "../../static/js/held.js";

/**
 * @param {number} id
 * @returns {import("../../static/js/channels.js").Command}
 */
function command(id) {
  return { type: "command", id, text: "!skip" };
}

test("commands come out in their order", () => {
  const held = new HeldCommands();
  held.hold(command(1), 0);
  held.hold(command(2), 1);

  assert.deepEqual(held.take(), [command(1), command(2)]);
  assert.equal(held.size, 0);
});

test("each gives up after its own time", () => {
  const held = new HeldCommands();
  held.hold(command(1), 0);
  held.hold(command(2), 5);

  assert.deepEqual(held.expire(PATIENCE - 0.001), []);
  assert.deepEqual(held.expire(PATIENCE), [command(1)]);
  assert.deepEqual(held.take(), [command(2)]);
});

test("there is room for so many and no more", () => {
  const held = new HeldCommands();
  const kept = Array.from({ length: MAX_HELD + 3 }, (_, id) => held.hold(command(id), 0));

  assert.equal(kept.filter(Boolean).length, MAX_HELD);
  assert.equal(held.size, MAX_HELD);
});
