/**
 * What the page is doing: the connection with the server, notices, and whether a click is needed.
 *
 * Events: `retry`, `dismiss`, `listen`.
 */

import { setText } from "../dom.js";

/** @import { State } from "../state.js" */

/**
 * @typedef {{
 *   room: HTMLElement,
 *   status: HTMLElement,
 *   statusText: HTMLElement,
 *   statusSpoken: HTMLElement,
 *   retry: HTMLButtonElement,
 *   notice: HTMLElement,
 *   noticeText: HTMLElement,
 *   dismiss: HTMLButtonElement,
 *   listen: HTMLButtonElement,
 * }} Elements
 */

class StatusView extends EventTarget {
  #elements;

  /** @param {Elements} elements */
  constructor(elements) {
    super();
    this.#elements = elements;
    for (const name of /** @type {const} */ (["retry", "dismiss", "listen"])) {
      elements[name].addEventListener("click", () => this.dispatchEvent(new Event(name)));
    }
  }

  /**
   * @param {State} state
   * @param {number} now in seconds of the page's clock
   */
  render(state, now) {
    const { room, notice, noticeText, listen } = this.#elements;
    room.hidden = state.phase !== "room";
    notice.hidden = state.notice === null;
    notice.classList.toggle("problem", state.notice?.tone === "problem");
    setText(noticeText, state.notice?.text ?? "");
    listen.hidden = !state.mustClick;
    this.renderConnection(state, now);
  }

  /**
   * @param {State} state
   * @param {number} now
   */
  renderConnection({ phase, connection }, now) {
    const { status, statusText, statusSpoken, retry } = this.#elements;
    const fine = phase === "lobby" || connection.status === "online";
    status.hidden = fine;
    // Screen readers are not to count the seconds.
    setText(statusSpoken, fine ? "" : "Connecting…");
    retry.hidden = connection.status !== "waiting";
    setText(statusText, describe(connection, phase === "joining", now));
  }
}

/**
 * @param {State["connection"]} connection
 * @param {boolean} first whether there was none before
 * @param {number} now
 * @returns {string}
 */
function describe(connection, first, now) {
  if (connection.status === "waiting") {
    const seconds = Math.max(1, Math.ceil(connection.until - now));
    return first
      ? `The server does not answer. Trying again in ${seconds} s…`
      : `Reconnecting in ${seconds} s…`;
  }
  return first ? "Connecting…" : "Reconnecting…";
}

export { StatusView };
