/**
 * The connection with the signaling server, which comes back by itself.
 *
 * Events: `message` (detail: a message of the server), `connecting`, and `waiting` (detail: the
 * time of the next attempt).
 */

import { delayBefore } from "./backoff.js";
import { decode, encode } from "./protocol.js";

/** @import { Clock } from "./clock.js" */
/** @import { ClientMessage, Join } from "./protocol.js" */

const OPEN_TIME = 10;
/** Seconds until a connection that neither opens nor fails is given up. */

const OPEN = 1;
/** WebSocket.OPEN, which a fake need not have. */

class Signaling extends EventTarget {
  #openSocket;
  #hello;
  #clock;
  #random;
  /** @type {WebSocket | null} */
  #socket = null;
  #attempt = 0;
  #closed = new AbortController();
  /** Ends the present attempt, so that no news of an old socket is taken for the new one's. */
  #present = new AbortController();

  /**
   * @param {object} parts
   * @param {() => WebSocket} parts.openSocket
   * @param {() => Join} parts.hello the first message of each connection
   * @param {Clock} parts.clock
   * @param {() => number} [parts.random]
   */
  constructor({ openSocket, hello, clock, random = Math.random }) {
    super();
    this.#openSocket = openSocket;
    this.#hello = hello;
    this.#clock = clock;
    this.#random = random;
  }

  /** Connect now, without waiting any longer. Does nothing while a connection is open or opening. */
  connect() {
    if (this.#closed.signal.aborted || this.#socket !== null) {
      return;
    }
    const { signal } = this.#renew();
    this.dispatchEvent(new Event("connecting"));
    const socket = this.#openSocket();
    this.#socket = socket;
    socket.addEventListener("open", () => socket.send(encode(this.#hello())), { signal });
    socket.addEventListener("message", ({ data }) => this.#take(data), { signal });
    socket.addEventListener("close", () => this.#wait(), { signal });
    this.#clock.after(OPEN_TIME, () => socket.readyState !== OPEN && this.#wait(), signal);
  }

  /**
   * @param {ClientMessage} message
   * @returns {boolean} false if it could not be sent; it is not kept
   */
  send(message) {
    if (this.#socket?.readyState !== OPEN) {
      return false;
    }
    this.#socket.send(encode(message));
    return true;
  }

  /** Stop for good. */
  close() {
    this.#closed.abort();
    this.#drop();
  }

  /** @param {unknown} data */
  #take(data) {
    const message = decode(data);
    if (message === null) {
      console.warn("The signaling server sent something that this page does not know.");
      return;
    }
    if (message.type === "welcome") {
      // Only now is the server known to let us in: one that opens and closes at once must not be
      // tried again without a growing delay.
      this.#attempt = 0;
    }
    this.dispatchEvent(new CustomEvent("message", { detail: message }));
  }

  #wait() {
    this.#drop();
    if (this.#closed.signal.aborted) {
      return;
    }
    const delay = delayBefore(this.#attempt, this.#random);
    this.#attempt += 1;
    this.#clock.after(delay, () => this.connect(), this.#renew().signal);
    const until = this.#clock.now() + delay;
    this.dispatchEvent(new CustomEvent("waiting", { detail: until }));
  }

  #drop() {
    this.#present.abort();
    this.#socket?.close();
    this.#socket = null;
  }

  #renew() {
    this.#present.abort();
    this.#present = new AbortController();
    return this.#present;
  }
}

export { Signaling };
