import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

import { SERVER_MESSAGES, decode, encode } from "../../static/js/protocol.js";

const EXAMPLES = new URL("../data/messages/", import.meta.url);

const OF_SERVER = [
  "welcome",
  "peer-joined",
  "peer-left",
  "peer-changed",
  "room-changed",
  "signal-relayed",
  "error",
];

/**
 * @param {string} name
 * @returns {string}
 */
function example(name) {
  return readFileSync(new URL(`${name}.json`, EXAMPLES), "utf8");
}

for (const name of OF_SERVER) {
  test(`the server's example of ${name} is understood, and nothing of it is lost`, () => {
    const text = example(name);

    assert.deepEqual(decode(text), JSON.parse(text));
  });
}

test("there is an example of each message that is understood", () => {
  const types = OF_SERVER.map((name) => JSON.parse(example(name)).type);

  assert.deepEqual(new Set(types), new Set(Object.keys(SERVER_MESSAGES)));
});

test("what the examples of a client say is not taken from a server", () => {
  const files = readdirSync(EXAMPLES).map((file) => file.replace(".json", ""));
  for (const name of files.filter((file) => !OF_SERVER.includes(file))) {
    assert.equal(decode(example(name)), null, name);
  }
});

test("the examples of a client are what this page would send", () => {
  for (const name of ["join", "signal", "summon", "leave"]) {
    const message = JSON.parse(example(name));

    assert.deepEqual(JSON.parse(encode(message)), message);
  }
});
