import assert from "node:assert/strict";
import { test } from "node:test";

import { INITIAL } from "../../static/js/state.js";
import { Store } from "../../static/js/store.js";
import { record, settle } from "./support/fakes.js";

test("what happens in one go is told once, and later things again", async () => {
  const store = new Store();
  const told = record(store, "change");
  assert.equal(store.state, INITIAL);
  store.apply({ type: "joining" });
  store.apply({ type: "waiting", until: 5 });
  assert.deepEqual(store.state.connection, { status: "waiting", until: 5 });
  await settle();
  assert.equal(told.length, 1);
  store.apply({ type: "connecting" });
  await settle();

  assert.equal(told.length, 2);
});

test("a change that comes while one is told is told as well", async () => {
  const store = new Store();
  const told = record(store, "change");
  store.addEventListener("change", () => store.apply({ type: "connecting" }), { once: true });
  store.apply({ type: "joining" });
  await settle();

  assert.equal(told.length, 2);
});
