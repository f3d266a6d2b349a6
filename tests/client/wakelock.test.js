import assert from "node:assert/strict";
import { test } from "node:test";

import { WakeLock } from "../../static/js/wakelock.js";
import { as, settle } from "./support/fakes.js";

function make() {
  const sentinels = { held: 0 };
  const page = Object.assign(new EventTarget(), { visibilityState: "visible" });
  const browser = {
    wakeLock: {
      refuses: false,
      async request() {
        if (this.refuses) {
          throw new Error("The battery is low.");
        }
        sentinels.held += 1;
        return {
          async release() {
            sentinels.held -= 1;
          },
        };
      },
    },
  };
  return { browser, page, sentinels, lock: new WakeLock(as(browser), as(page)) };
}

test("the screen stays on until it is released", async () => {
  const { lock, sentinels } = make();
  lock.hold();
  await settle();
  assert.equal(sentinels.held, 1);
  lock.release();
  lock.release();
  await settle();

  assert.equal(sentinels.held, 0);
});

test("it is asked for again when the page is seen again, and not after the release", async () => {
  const { lock, page, sentinels } = make();
  lock.hold();
  await settle();
  page.visibilityState = "hidden";
  page.dispatchEvent(new Event("visibilitychange"));
  await settle();
  assert.equal(sentinels.held, 1);
  page.visibilityState = "visible";
  page.dispatchEvent(new Event("visibilitychange"));
  await settle();
  assert.equal(sentinels.held, 2);
  lock.release();
  await settle();
  page.dispatchEvent(new Event("visibilitychange"));
  await settle();

  assert.equal(sentinels.held, 1);
});

test("one that comes after the release is released", async () => {
  const { lock, sentinels } = make();
  lock.hold();
  lock.release();
  await settle();

  assert.equal(sentinels.held, 0);
});

test("a refusal and a browser without it stop nobody", async () => {
  const { browser, lock } = make();
  browser.wakeLock.refuses = true;
  lock.hold();
  await settle();
  const page = Object.assign(new EventTarget(), { visibilityState: "visible" });
  new WakeLock(as({}), as(page)).hold();
  await settle();
});
