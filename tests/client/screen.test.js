import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Screen } from "../../static/js/screen.js";
import { FakeStream, FakeTrack, as, record } from "./support/fakes.js";

mock.method(console, "warn", () => {});

function make() {
  /** @type {FakeTrack[]} */
  const tracks = [];
  const media = {
    refuses: false,
    async getDisplayMedia() {
      if (this.refuses) {
        throw new Error("NotAllowedError");
      }
      const track = new FakeTrack("video");
      tracks.push(track);
      return new FakeStream([track]);
    },
  };
  const screen = new Screen(as(media));
  return { media, screen, tracks, told: record(screen, "change") };
}

test("a screen is shared until that is stopped", async () => {
  const { screen, told, tracks } = make();
  await screen.share();
  assert.equal(screen.track, tracks[0]);
  assert.equal(tracks[0]?.contentHint, "detail");
  screen.stop();
  screen.stop();

  assert.equal(screen.track, null);
  assert.equal(tracks[0]?.readyState, "ended");
  assert.equal(told.length, 2);
});

test("stopping by the browser's own button counts as well", async () => {
  const { screen, told, tracks } = make();
  await screen.share();
  tracks[0]?.end();

  assert.equal(screen.track, null);
  assert.equal(told.length, 2);
});

test("another screen replaces the one that was", async () => {
  const { screen, tracks } = make();
  await screen.share();
  await screen.share();
  tracks[0]?.end();

  assert.equal(screen.track, tracks[1]);
});

test("who thinks better of it shares nothing, or goes on sharing", async () => {
  const { media, screen, tracks, told } = make();
  media.refuses = true;
  await screen.share();
  assert.deepEqual([screen.track, told], [null, []]);
  media.refuses = false;
  await screen.share();
  media.refuses = true;
  await screen.share();

  assert.equal(screen.track, tracks[0]);
});

test("where there is nothing to share with, that is known", () => {
  assert.equal(new Screen(undefined).canBeShared, false);
  assert.equal(new Screen(as({})).canBeShared, false);
  assert.equal(make().screen.canBeShared, true);
});
