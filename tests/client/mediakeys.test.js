import assert from "node:assert/strict";
import { test } from "node:test";

import { MediaKeys } from "../../static/js/mediakeys.js";
import { SILENCE } from "../../static/js/music.js";
import { as } from "./support/fakes.js";

globalThis.MediaMetadata = as(
  class {
    /** @param {object} fields */
    constructor(fields) {
      Object.assign(this, fields);
    }
  },
);

const TRACK = { id: 1, title: "T", requester: "Ann", duration: 30 };

function make() {
  /** @type {Map<string, () => void>} */
  const handlers = new Map();
  const session = {
    playbackState: "none",
    /** @type {any} */
    metadata: null,
    /** @type {(action: string, handler: () => void) => void} */
    setActionHandler: (action, handler) => handlers.set(action, handler),
  };
  /** @type {string[]} */
  const commands = [];
  const keys = new MediaKeys(as(session), (text) => commands.push(text));
  return { commands, handlers, keys, session };
}

test("the keys give the same commands as everything else", () => {
  const { commands, handlers, keys, session } = make();
  keys.render({ ...SILENCE, state: "playing", track: TRACK });
  for (const action of ["pause", "play", "nexttrack"]) {
    handlers.get(action)?.();
  }

  assert.deepEqual(commands, ["!pause", "!resume", "!skip"]);
  assert.equal(session.playbackState, "playing");
  assert.deepEqual({ ...session.metadata }, { title: "T", artist: "for Ann" });
});

test("without a track the keys belong to others", () => {
  const { handlers, keys, session } = make();
  keys.render({ ...SILENCE, state: "paused", track: TRACK });
  assert.equal(session.playbackState, "paused");
  keys.render(SILENCE);

  assert.deepEqual([...handlers.values()], [null, null, null]);
  assert.deepEqual([session.playbackState, session.metadata], ["none", null]);
});

test("a browser without media keys stops nobody", () => {
  new MediaKeys(undefined, () => {}).render(SILENCE);
});
