import assert from "node:assert/strict";
import { test } from "node:test";

import { SILENCE, positionAt, withBot, withState } from "../../static/js/music.js";

/** @type {import("../../static/js/channels.js").MusicState} */
const STATE = {
  type: "state",
  state: "playing",
  track: { id: 1, title: "T", link: null, requester: "Ann", duration: 30, live: false },
  position: 10,
  duration: 30,
  queue: [],
  queued: 0,
  volume: 100,
  loop: "off",
  filters: [],
  listeners: 2,
  votes: 0,
};

const HERE = withBot(SILENCE, "here");

test("the position moves on between two states", () => {
  const music = withState(HERE, STATE, 100);

  assert.deepEqual(
    [100, 104.5, 99].map((now) => positionAt(music, now)),
    [10, 14.5, 10],
  );
});

test("the position does not leave the track", () => {
  const music = withState(HERE, STATE, 100);

  assert.equal(positionAt(music, 200), 30);
  assert.equal(positionAt({ ...music, position: -1, state: "paused" }, 100), 0);
});

test("the position stands still unless it plays", () => {
  for (const state of /** @type {const} */ (["idle", "loading", "paused"])) {
    assert.equal(positionAt(withState(HERE, { ...STATE, state }, 100), 150), 10);
  }
});

test("a broadcast has no end", () => {
  const track = STATE.track && { ...STATE.track, duration: null, live: true };
  const music = withState(HERE, { ...STATE, track, duration: null }, 100);

  assert.equal(music.duration, null);
  assert.equal(positionAt(music, 10_100), 10_010);
});

test("the length of the track will do if the state tells none", () => {
  assert.equal(withState(HERE, { ...STATE, duration: null }, 100).duration, 30);
});

test("without a bot nothing is known of the music", () => {
  const music = withState(HERE, STATE, 100);
  for (const bot of /** @type {const} */ (["absent", "summoned"])) {
    assert.deepEqual(withBot(music, bot), { ...SILENCE, bot });
  }
});

test("while the connection with the bot is broken it is known how things stood", () => {
  const music = withState(HERE, STATE, 100);

  assert.deepEqual(withBot(music, "connecting"), { ...music, bot: "connecting" });
});
