import assert from "node:assert/strict";
import { test } from "node:test";

import { DEFAULTS, Settings } from "../../static/js/settings.js";

/** @param {string | null} stored */
function storage(stored) {
  return {
    stored,
    getItem() {
      return this.stored;
    },
    /**
     * @param {string} _key
     * @param {string} value
     */
    setItem(_key, value) {
      this.stored = value;
    },
  };
}

test("what is saved is there the next time", () => {
  const kept = storage(null);
  const settings = new Settings(kept);
  assert.deepEqual(settings.values, DEFAULTS);
  settings.save({ name: "Ann", useCamera: false });

  assert.deepEqual(new Settings(kept).values, { ...DEFAULTS, name: "Ann", useCamera: false });
});

test("what makes no sense is left out", () => {
  const stored = JSON.stringify({ name: 7, room: "abc", musicVolume: "loud", toString: "x" });

  assert.deepEqual(new Settings(storage(stored)).values, { ...DEFAULTS, room: "abc" });
});

for (const stored of ["", "{", "null", "[]", "7"]) {
  test(`stored text ${JSON.stringify(stored)} is as good as none`, () => {
    assert.deepEqual(new Settings(storage(stored)).values, DEFAULTS);
  });
}

test("a browser that stores nothing does not stop anybody", () => {
  const refusing = {
    getItem() {
      throw new Error("no");
    },
    setItem() {
      throw new Error("no");
    },
  };
  const settings = new Settings(refusing);
  settings.save({ name: "Ann" });

  assert.equal(settings.values.name, "Ann");
});
