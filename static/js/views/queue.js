/** What will be played. */

import { instantiate, part, setText } from "../dom.js";
import { clock, count } from "../format.js";

/** @import { Track } from "../channels.js" */
/** @import { State } from "../state.js" */

/**
 * @typedef {{
 *   upcoming: HTMLElement,
 *   queued: HTMLElement,
 *   list: HTMLOListElement,
 *   rest: HTMLElement,
 *   template: HTMLTemplateElement,
 * }} Elements
 */

class QueueView {
  #elements;
  /** @type {readonly Track[]} */
  #shown = [];

  /** @param {Elements} elements */
  constructor(elements) {
    this.#elements = elements;
  }

  /** @param {State} state */
  render({ music: { bot, queue, queued } }) {
    const { upcoming, list, rest } = this.#elements;
    upcoming.hidden = queue.length === 0;
    upcoming.classList.toggle("stale", bot !== "here");
    setText(this.#elements.queued, String(queued));
    setText(rest, queued > queue.length ? `and ${count(queued - queue.length, "more track")}` : "");
    rest.hidden = queued <= queue.length;
    // The bot repeats itself every few seconds; a list that has not changed keeps its place.
    if (JSON.stringify(queue) !== JSON.stringify(this.#shown)) {
      this.#shown = queue;
      list.replaceChildren(...queue.map((track) => this.#entry(track)));
    }
  }

  /**
   * @param {Track} track
   * @returns {HTMLElement}
   */
  #entry(track) {
    const entry = instantiate(this.#elements.template);
    const length = track.duration === null ? "" : clock(track.duration);
    setText(part(entry, ".queue-title", HTMLElement), track.title || "Untitled");
    setText(part(entry, ".queue-length", HTMLElement), track.live ? "live" : length);
    setText(part(entry, ".queue-requester", HTMLElement), track.requester);
    return entry;
  }
}

export { QueueView };
