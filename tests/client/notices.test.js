import assert from "node:assert/strict";
import { test } from "node:test";

import { NEWS_TIME, Notices } from "../../static/js/notices.js";
import { FakeClock, record } from "./support/fakes.js";

/** @import { Notice } from "../../static/js/state.js" */

/** @type {Notice} */
const NEWS = { text: "Copied.", tone: "news" };

/** @type {Notice} */
const HINT = { text: "Copy this.", tone: "hint" };

function make() {
  const clock = new FakeClock();
  const notices = new Notices(clock);
  return { clock, notices, shown: record(notices, "show"), over: record(notices, "over") };
}

test("news go by themselves, what asks for something stays", () => {
  const { clock, notices, over, shown } = make();
  notices.show(NEWS);
  clock.advance(NEWS_TIME);
  notices.show(HINT);
  clock.advance(NEWS_TIME);

  assert.deepEqual([shown, over], [[NEWS, HINT], [NEWS]]);
});

test("news that were replaced take nothing with them", () => {
  const { clock, notices, over } = make();
  notices.show(NEWS);
  notices.show(HINT);
  clock.advance(NEWS_TIME);

  assert.deepEqual(over, []);
});

test("a problem is shown once, until somebody tries again", () => {
  const { notices, shown } = make();
  notices.showProblem("No camera.", false);
  notices.showProblem("", false);
  notices.showProblem("No camera.", false);
  assert.equal(shown.length, 1);
  notices.forgetProblem();
  notices.showProblem("No camera.", false);

  assert.deepEqual(shown[1], { text: "No camera.", tone: "problem" });
});

test("a problem that stands elsewhere on the page is known", () => {
  const { notices, shown } = make();
  notices.showProblem("No camera.", true);
  notices.showProblem("No camera.", false);

  assert.deepEqual(shown, []);
});
