/**
 * Holds the state of the page. Events: `change`, once for all that happens in one go.
 */

import { INITIAL, reduce } from "./state.js";

/** @import { RoomEvent, State } from "./state.js" */

class Store extends EventTarget {
  /** @type {State} */
  #state = INITIAL;
  #told = true;

  /** @returns {State} */
  get state() {
    return this.#state;
  }

  /** @param {RoomEvent} event */
  apply(event) {
    this.#state = reduce(this.#state, event, Date.now());
    if (this.#told) {
      this.#told = false;
      // Not with the next picture, since a hidden page paints none but must play who joins.
      queueMicrotask(() => this.#tell());
    }
  }

  #tell() {
    this.#told = true;
    this.dispatchEvent(new Event("change"));
  }
}

export { Store };
