import assert from "node:assert/strict";
import { test } from "node:test";

import { INITIAL } from "../../static/js/state.js";
import { titleOf } from "../../static/js/title.js";

/** @import { Music } from "../../static/js/music.js" */

const TRACK = { id: 1, title: "T", link: null, requester: "Ann", duration: 30, live: false };

/** @type {Music} */
const PLAYING = { ...INITIAL.music, bot: "here", state: "playing", track: TRACK };

/** @type {(music: Music) => string} */
const inRoom = (music) => titleOf({ phase: "room", room: { name: "abc", locked: false }, music });

test("outside a room the title is the name of the product", () => {
  assert.deepEqual(
    [titleOf(INITIAL), titleOf({ ...INITIAL, phase: "joining" })],
    ["Irisa", "Irisa"],
  );
});

test("the title tells the room, and what can be heard there", () => {
  assert.equal(inRoom(INITIAL.music), "abc · Irisa");
  assert.equal(inRoom(PLAYING), "♪ T · abc · Irisa");
  assert.equal(inRoom({ ...PLAYING, state: "paused" }), "abc · Irisa");
  assert.equal(inRoom({ ...PLAYING, bot: "connecting" }), "abc · Irisa");
});
