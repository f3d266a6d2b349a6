/**
 * The messages of the data channels: `music` with the bot, `chat` between people.
 */

import {
  decodeAs,
  either,
  flag,
  listOf,
  number,
  oneOf,
  orAbsent,
  orNull,
  shape,
  text,
} from "./shapes.js";

/** @import { Guarded } from "./shapes.js" */

const MAX_TEXT = 2_000;
/** Characters of a line; the bot takes as many. */

const PREFIX = "!";

const id = either(text, number);

const chat = shape({ type: oneOf("chat"), id, text, at: number });

const track = shape({
  id: number,
  title: text,
  link: orAbsent(orNull(text)),
  requester: text,
  duration: orNull(number),
  live: orAbsent(flag),
});

const BOT_MESSAGES = {
  reply: shape({ type: oneOf("reply"), id, ok: flag, text, done: flag }),
  state: shape({
    type: oneOf("state"),
    state: oneOf("idle", "loading", "playing", "paused"),
    track: orNull(track),
    position: number,
    duration: orNull(number),
    queue: listOf(track),
    queued: number,
    volume: number,
    loop: oneOf("off", "track", "queue"),
    filters: listOf(text),
    listeners: number,
    votes: number,
  }),
  event: shape({ type: oneOf("event"), name: text, text, track: orAbsent(orNull(track)) }),
  chat,
};

const PERSON_MESSAGES = {
  chat,
  media: shape({ type: oneOf("media"), microphone: flag, camera: flag, screen: flag }),
};

/** @typedef {Guarded<typeof track>} Track */
/** @typedef {Guarded<(typeof BOT_MESSAGES)[keyof typeof BOT_MESSAGES]>} BotMessage */
/** @typedef {Guarded<(typeof BOT_MESSAGES)["state"]>} MusicState */
/** @typedef {Guarded<(typeof PERSON_MESSAGES)[keyof typeof PERSON_MESSAGES]>} PersonMessage */

/**
 * What a person sends at present.
 *
 * @typedef {{ microphone: boolean, camera: boolean, screen: boolean }} Media
 */

/** @typedef {{ type: "command", id: number, text: string }} Command */

/**
 * @param {unknown} data
 * @returns {BotMessage | null} null for what this page does not know, which it ignores
 */
function decodeFromBot(data) {
  return decodeAs(BOT_MESSAGES, data);
}

/**
 * @param {unknown} data
 * @returns {PersonMessage | null} null for what this page does not know, which it ignores
 */
function decodeFromPerson(data) {
  const message = decodeAs(PERSON_MESSAGES, data);
  return message?.type === "chat" ? { ...message, text: message.text.slice(0, MAX_TEXT) } : message;
}

/**
 * @param {Command | PersonMessage} message
 * @returns {string}
 */
function encode(message) {
  return JSON.stringify(message);
}

/**
 * Whether a line of chat is for the bot as well. "!!" and a lone "!" are only loud.
 *
 * @param {string} line
 * @returns {boolean}
 */
function isCommand(line) {
  return line.startsWith(PREFIX) && /^[^!\s]/.test(line.slice(PREFIX.length));
}

export { MAX_TEXT, decodeFromBot, decodeFromPerson, encode, isCommand };
