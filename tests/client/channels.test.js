import assert from "node:assert/strict";
import { test } from "node:test";

import {
  MAX_TEXT,
  decodeFromBot,
  decodeFromPerson,
  encode,
  isCommand,
} from "../../static/js/channels.js";

const STATE = {
  type: "state",
  state: "playing",
  track: { id: 1, title: "T", link: null, requester: "Ann", duration: 30, live: false },
  position: 12.34,
  duration: 30,
  queue: [{ id: 2, title: "U", link: null, requester: "Ben", duration: null, live: true }],
  queued: 1,
  volume: 100,
  loop: "off",
  filters: [],
  listeners: 2,
  votes: 0,
};

test("every message of the bot is understood", () => {
  const messages = [
    STATE,
    { ...STATE, state: "idle", track: null, duration: null, queue: [] },
    { type: "reply", id: 7, ok: true, text: "Skipped.", done: true },
    { type: "event", name: "track-started", text: "Now playing: T", track: STATE.track },
    { type: "event", name: "notice", text: "The bot leaves." },
    { type: "chat", id: "7", text: "Skipped.", at: 1 },
  ];
  for (const message of messages) {
    assert.deepEqual(decodeFromBot(JSON.stringify(message)), message);
  }
});

test("a state that lacks something is no state", () => {
  for (const field of Object.keys(STATE)) {
    const { [field]: left, ...rest } = /** @type {Record<string, unknown>} */ (STATE);
    assert.equal(decodeFromBot(JSON.stringify(rest)), null, field);
  }
  assert.equal(decodeFromBot(JSON.stringify({ ...STATE, track: { id: 1 } })), null);
});

test("people chat and say what they send", () => {
  const media = { type: "media", microphone: true, camera: false, screen: false };
  const chat = { type: "chat", id: "1", text: "hello", at: 1 };

  assert.deepEqual(decodeFromPerson(JSON.stringify(media)), media);
  assert.deepEqual(decodeFromPerson(JSON.stringify(chat)), chat);
  assert.equal(decodeFromPerson(JSON.stringify(STATE)), null);
});

test("nobody can send more text than anybody reads", () => {
  const chat = { type: "chat", id: "1", text: "x".repeat(MAX_TEXT * 2), at: 1 };
  const message = decodeFromPerson(JSON.stringify(chat));

  assert.equal(message?.type === "chat" && message.text.length, MAX_TEXT);
});

test("what is encoded is understood at the other end", () => {
  const chat = /** @type {const} */ ({ type: "chat", id: "1", text: "hello", at: 1 });

  assert.deepEqual(decodeFromPerson(encode(chat)), chat);
});

test("a command begins with the prefix and a word", () => {
  const lines = ["!play x", "!p", "!?", "! play", "!", "!!", "!!!", "play", " !play", ""];

  assert.deepEqual(lines.filter(isCommand), ["!play x", "!p", "!?"]);
});
