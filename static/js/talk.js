/** What people say, what they ask the bot, and what it answers: the part of the state that talk changes. */

import { withBotLine, withLine, withNote } from "./chatlog.js";
import { withBot, withState } from "./music.js";
import { shownName, withPeer } from "./presence.js";

/** @import { EventOf, State } from "./state.js" */

const BOT_LEFT = "The music bot left before it was done.";

/**
 * @param {State} state
 * @param {EventOf<"peer-joined">} event
 * @param {number} at
 * @returns {State}
 */
function withJoined(state, { peer }, at) {
  const joined = withPeer(state, peer);
  return peer.kind === "person"
    ? withNote(joined, `${shownName(joined, peer)} joined.`, at)
    : joined;
}

/**
 * @param {State} state
 * @param {EventOf<"said">} event
 * @param {number} at
 * @returns {State}
 */
function withSaid(state, { peer, id, text }, at) {
  const own = peer === state.self?.id;
  const author = own ? state.self : state.peers.find((other) => other.id === peer);
  return withLine(state, {
    // Ids are the senders' own, so two people may use the same one.
    key: `${peer}/${id}`,
    voice: own ? "own" : "person",
    author: author ? shownName(state, author) : "Somebody",
    text,
    at,
    pending: false,
    failed: false,
  });
}

/**
 * A command has to wait for the bot. Its line is the one that the reply will take.
 *
 * @param {State} state
 * @param {EventOf<"held">} event
 * @param {number} at
 * @returns {State}
 */
function withHeld(state, { id, text }, at) {
  return withBotLine(state, { key: replyKey(id), text, at, pending: true });
}

/**
 * @param {State} state
 * @param {EventOf<"unanswered">} event
 * @param {number} at
 * @returns {State}
 */
function withUnanswered(state, { ids, text }, at) {
  return ids.reduce(
    (next, id) => withBotLine(next, { key: replyKey(id), text, at, failed: true }),
    state,
  );
}

/**
 * @param {State} state
 * @param {EventOf<"bot">} event
 * @returns {State}
 */
function withBotIs(state, { bot }) {
  const next = { ...state, music: withBot(state.music, bot) };
  if (state.music.bot !== "here" || bot === "here") {
    return next;
  }
  // Nobody is left to finish what was begun.
  const lines = state.lines.map((line) =>
    line.pending ? { ...line, text: BOT_LEFT, pending: false, failed: true } : line,
  );
  return { ...next, lines };
}

/**
 * @param {State} state
 * @param {EventOf<"music">} event
 * @param {number} at
 * @returns {State}
 */
function withMusic(state, { message, now }, at) {
  const { type } = message;
  if (type === "state") {
    return { ...state, music: withState(state.music, message, now) };
  }
  if (type === "event") {
    const next = { ...state, serial: state.serial + 1 };
    return withBotLine(next, { key: `event/${state.serial}`, text: message.text, at });
  }
  const [pending, failed] = type === "reply" ? [!message.done, !message.ok] : [false, false];
  return withBotLine(state, { key: replyKey(message.id), text: message.text, at, pending, failed });
}

/**
 * @param {string | number} id
 * @returns {string}
 */
function replyKey(id) {
  return `reply/${id}`;
}

export { withBotIs, withHeld, withJoined, withMusic, withSaid, withUnanswered };
