/** The commands that wait: until the bot can be reached, or for its answer. */

/** @import { Command } from "./channels.js" */

const MAX_HELD = 20;

const PATIENCE = 20;
/** Seconds that a command waits. */

/** A bounded queue of commands with the time at which each gives up. */
class HeldCommands {
  /** @type {{ command: Command, until: number }[]} */
  #entries = [];

  /** @returns {number} */
  get size() {
    return this.#entries.length;
  }

  /**
   * @param {Command} command
   * @param {number} now in seconds
   * @returns {boolean} false if there are too many already; then it is not kept
   */
  hold(command, now) {
    if (this.#entries.length >= MAX_HELD) {
      return false;
    }
    this.#entries.push({ command, until: now + PATIENCE });
    return true;
  }

  /**
   * Take out those that have waited long enough.
   *
   * @param {number} now in seconds
   * @returns {Command[]}
   */
  expire(now) {
    const late = this.#entries.filter((entry) => entry.until <= now);
    this.#entries = this.#entries.filter((entry) => entry.until > now);
    return late.map((entry) => entry.command);
  }

  /**
   * Take out one.
   *
   * @param {string | number} id
   */
  drop(id) {
    this.#entries = this.#entries.filter(({ command }) => command.id !== id);
  }

  /**
   * Take out all, in the order in which they came.
   *
   * @returns {Command[]}
   */
  take() {
    return this.expire(Infinity);
  }
}

export { HeldCommands, MAX_HELD, PATIENCE };
