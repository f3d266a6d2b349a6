import assert from "node:assert/strict";
import { test } from "node:test";

import { bestGrid } from "../../static/js/layout.js";

test("tiles stand side by side on wide stages and below each other on high ones", () => {
  assert.equal(bestGrid(2, 1600, 500, 8).columns, 2);
  assert.equal(bestGrid(2, 400, 700, 8).columns, 1);
  assert.equal(bestGrid(4, 1600, 900, 8).columns, 2);
});

test("no tile leaves the stage", () => {
  for (const count of [1, 2, 3, 5, 9, 16]) {
    for (const [width = 0, height = 0] of [
      [320, 180],
      [1000, 700],
      [360, 640],
    ]) {
      const grid = bestGrid(count, width, height, 8);
      const rows = Math.ceil(count / grid.columns);
      assert.ok(grid.columns * grid.width + 8 * (grid.columns - 1) <= width);
      assert.ok((rows * grid.width * 9) / 16 + 8 * (rows - 1) <= height);
    }
  }
});

test("a stage without room has tiles without size", () => {
  assert.deepEqual(bestGrid(3, 0, 0, 8), { columns: 1, width: 0 });
  assert.equal(bestGrid(0, 100, 100, 8).columns, 1);
});
