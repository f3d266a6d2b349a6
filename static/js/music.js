/** What the music panel shows, made from what the bot tells. */

import { clamp } from "./format.js";

/** @import { MusicState, Track } from "./channels.js" */

/**
 * @typedef {"absent" | "summoned" | "connecting" | "here"} Bot
 *   whether there is a bot, and whether it can be reached
 *
 * @typedef {{
 *   bot: Bot,
 *   state: MusicState["state"],
 *   track: Track | null,
 *   position: number,
 *   at: number,
 *   duration: number | null,
 *   queue: readonly Track[],
 *   queued: number,
 *   volume: number,
 *   loop: MusicState["loop"],
 * }} Music
 *   `position` is where the track was `at` that time of the page's clock, both in seconds
 */

/** @type {Music} */
const SILENCE = {
  bot: "absent",
  state: "idle",
  track: null,
  position: 0,
  at: 0,
  duration: null,
  queue: [],
  queued: 0,
  volume: 100,
  loop: "off",
};

/**
 * @param {Music} music
 * @param {MusicState} message
 * @param {number} now in seconds
 * @returns {Music}
 */
function withState(music, message, now) {
  const { state, track, position, queue, queued, volume, loop } = message;
  const duration = message.duration ?? track?.duration ?? null;
  const what = { state, track, duration, queue, queued, volume, loop };
  return { ...music, ...what, position, at: now };
}

/**
 * @param {Music} music
 * @param {Bot} bot
 * @returns {Music} what is known of it goes with the bot, but not with the connection to it
 */
function withBot(music, bot) {
  const known = bot === "here" || bot === "connecting";
  return { ...(known ? music : SILENCE), bot };
}

/**
 * Where the track is now: the bot tells it every few seconds, and the page counts on.
 *
 * @param {Music} music
 * @param {number} now in seconds
 * @returns {number} in seconds
 */
function positionAt(music, now) {
  const passed = music.state === "playing" ? Math.max(0, now - music.at) : 0;
  return clamp(music.position + passed, 0, music.duration ?? Infinity);
}

export { SILENCE, positionAt, withBot, withState };
