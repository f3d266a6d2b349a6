import assert from "node:assert/strict";
import { test } from "node:test";

import { suggestRoom } from "../../static/js/suggestion.js";

test("a suggestion is easy to say and to type, whatever chance gives", () => {
  for (const chance of [0, 0.37, 0.999999]) {
    assert.match(
      suggestRoom(() => chance),
      /^[a-z]+-[a-z]+-\d{4}$/u,
    );
  }
});
