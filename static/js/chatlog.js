/** The lines of the chat: what people say, what the bot answers, what happens. */

/** @import { State } from "./state.js" */

/**
 * @typedef {{
 *   key: string,
 *   voice: "own" | "person" | "bot" | "note",
 *   author: string,
 *   text: string,
 *   at: number,
 *   pending: boolean,
 *   failed: boolean,
 * }} Line
 *   a note is the page speaking; `at` is unix time in milliseconds; a pending line waits for
 *   another with the same key
 */

const MAX_LINES = 500;

/**
 * Add a line, or put it in the place of the one with its key.
 *
 * @param {State} state
 * @param {Line} line
 * @returns {State}
 */
function withLine(state, line) {
  const { lines } = state;
  const earlier = lines.findLast((other) => other.key === line.key);
  if (earlier) {
    // The time stays that of the question, since the line stays in its place.
    const answered = { ...line, at: earlier.at };
    return { ...state, lines: lines.map((other) => (other === earlier ? answered : other)) };
  }
  const unseen = state.pane !== "chat" && isNews(line);
  return {
    ...state,
    lines: [...lines, line].slice(-MAX_LINES),
    unread: state.unread + (unseen ? 1 : 0),
  };
}

/**
 * @param {Line} line
 * @returns {boolean} whether it is worth a look; of commands of others the bot's answer is
 */
function isNews({ voice, text }) {
  return voice === "bot" || (voice === "person" && !text.startsWith("!"));
}

/**
 * Add a line of the page's own.
 *
 * @param {State} state
 * @param {string} text
 * @param {number} at
 * @returns {State}
 */
function withNote(state, text, at) {
  const key = `note/${state.serial}`;
  const note = { key, author: "", text, at, pending: false, failed: false };
  return withLine({ ...state, serial: state.serial + 1 }, { ...note, voice: "note" });
}

/**
 * Add a line of the bot's.
 *
 * @param {State} state
 * @param {{ key: string, text: string, at: number, pending?: boolean, failed?: boolean }} line
 * @returns {State}
 */
function withBotLine(state, line) {
  const bot = state.peers.find((peer) => peer.kind === "bot");
  return withLine(state, {
    pending: false,
    failed: false,
    ...line,
    voice: "bot",
    author: bot?.name ?? "Music bot",
  });
}

export { MAX_LINES, withBotLine, withLine, withNote };
