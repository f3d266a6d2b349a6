/**
 * The connection with another person.
 *
 * Negotiation follows the "Perfect Negotiation Example" of the W3C's WebRTC text, with its three
 * flags. Both directions use the same two media lines, audio and video, from the beginning on:
 * devices come, go and change by `replaceTrack`, so nothing is ever negotiated again but ICE.
 *
 * Events: `track`, `link`, `message` (of the channel `chat`), and `lost` when restarting ICE did
 * not help and only a new connection can.
 */

import { decodeFromPerson, encode } from "./channels.js";
import { MediaLines } from "./medialines.js";
import { sessionId } from "./sdp.js";

/** @import { PersonMessage } from "./channels.js" */
/** @import { Outgoing } from "./outgoing.js" */
/** @import { Signal } from "./protocol.js" */
/** @import { Link } from "./state.js" */

const CHAT_CHANNEL = { negotiated: true, id: 1 };
/** Both ends know it beforehand, so that no glare can arise. */

const MAX_UNSENT = 50;
/** Lines that wait for the channel to open; the oldest are dropped. */

const MAX_RESTARTS = 2;

class Person extends EventTarget {
  #connection;
  #polite;
  #send;
  #lines;
  #media;
  #makingOffer = false;
  #ignoreOffer = false;
  #isSettingRemoteAnswerPending = false;
  #restarts = 0;
  #remoteSession = "";
  /** @type {RTCDataChannel | null} */
  #channel = null;
  /** @type {string[]} */
  #unsent = [];
  #closed = new AbortController();

  /**
   * @param {object} parts
   * @param {RTCPeerConnection} parts.connection
   * @param {boolean} parts.polite whether to give way when both offer at once
   * @param {boolean} parts.knocks whether to offer first though polite
   * @param {(signal: Signal) => void} parts.send to the person, through the server
   * @param {Outgoing} parts.outgoing
   */
  constructor({ connection, polite, knocks, send, outgoing }) {
    super();
    this.#connection = connection;
    this.#polite = polite;
    this.#send = send;
    this.#lines = new MediaLines(connection, outgoing);
    this.#media = outgoing.media;
    this.#listen();
    // Only one end brings the media lines: those of two offers that cross could not be united
    // (RFC 8829, 5.10). A polite end that wants to begin opens the channel, and gets them then.
    if (!polite) {
      this.#lines.add();
    }
    if (!polite || knocks) {
      this.#openChannel();
    }
  }

  /** @returns {boolean} */
  get isConnected() {
    return this.#connection.connectionState === "connected";
  }

  /** @returns {boolean} whether no answer is awaited that may have been lost */
  get isSettled() {
    return this.isConnected && this.#connection.signalingState === "stable";
  }

  /**
   * Whether a signal makes this connection useless, and a new one has to take it: the other end has
   * built its connection anew, or both began at once.
   *
   * In the second case rolling back would do by the book. But Chrome, once it has taken back an
   * offer with a data channel, refuses the other's, and negotiates for ever.
   *
   * @param {Signal} signal
   * @returns {boolean}
   */
  isSupersededBy({ description }) {
    if (description?.type !== "offer") {
      return false;
    }
    return this.#remoteSession === ""
      ? this.#polite && this.#channel !== null
      : this.#remoteSession !== sessionId(description.sdp);
  }

  /**
   * Take a signal of the other end. See "Perfect Negotiation Example" in the W3C's WebRTC text.
   *
   * @param {Signal} signal
   */
  async receive({ description, candidate }) {
    try {
      if (description) {
        await this.#receiveDescription(description);
      } else if (candidate !== undefined) {
        await this.#receiveCandidate(candidate);
      }
    } catch (error) {
      this.#report("A signal could not be used", error);
    }
  }

  /**
   * Send other tracks from now on, or none.
   *
   * @param {Outgoing} outgoing
   */
  update(outgoing) {
    this.#lines.update(outgoing);
    this.#media = outgoing.media;
    if (this.#channel?.readyState === "open") {
      this.#channel.send(encode({ type: "media", ...outgoing.media }));
    }
  }

  /**
   * Send the picture with so many bits a second at most.
   *
   * @param {number} bits
   */
  limitPicture(bits) {
    this.#lines.limitPicture(bits);
  }

  /** @param {PersonMessage} message */
  say(message) {
    const text = encode(message);
    if (this.#channel?.readyState === "open") {
      this.#channel.send(text);
    } else {
      this.#unsent = [...this.#unsent, text].slice(-MAX_UNSENT);
    }
  }

  /** Look for another way through the network, because ours has changed or has failed. */
  restartIce() {
    if (this.#connection.signalingState !== "closed") {
      this.#connection.restartIce();
    }
  }

  /** End the connection. May be called twice. */
  close() {
    this.#closed.abort();
    this.#channel?.close();
    this.#connection.close();
  }

  #listen() {
    const connection = this.#connection;
    const { signal } = this.#closed;
    connection.addEventListener("negotiationneeded", () => this.#offer(), { signal });
    connection.addEventListener(
      "icecandidate",
      ({ candidate }) => this.#send({ candidate: candidate?.toJSON() ?? null }),
      { signal },
    );
    connection.addEventListener("track", ({ track }) => this.#tell("track", track), { signal });
    connection.addEventListener("connectionstatechange", () => this.#followLink(), { signal });
  }

  async #offer() {
    try {
      this.#makingOffer = true;
      await this.#connection.setLocalDescription();
      this.#sendDescription();
    } catch (error) {
      this.#report("No offer could be made", error);
    } finally {
      this.#makingOffer = false;
    }
  }

  /** @param {RTCSessionDescriptionInit} description */
  async #receiveDescription(description) {
    const connection = this.#connection;
    const readyForOffer =
      !this.#makingOffer &&
      (connection.signalingState === "stable" || this.#isSettingRemoteAnswerPending);
    const offerCollision = description.type === "offer" && !readyForOffer;
    this.#ignoreOffer = !this.#polite && offerCollision;
    if (this.#ignoreOffer) {
      return;
    }
    this.#isSettingRemoteAnswerPending = description.type === "answer";
    await connection.setRemoteDescription(description).finally(() => {
      this.#isSettingRemoteAnswerPending = false;
    });
    this.#remoteSession = sessionId(description.sdp ?? "");
    if (description.type === "offer") {
      this.#lines.adopt();
      this.#openChannel();
      await connection.setLocalDescription();
      this.#sendDescription();
    }
  }

  /** @param {RTCIceCandidateInit | null} candidate */
  async #receiveCandidate(candidate) {
    try {
      await this.#connection.addIceCandidate(candidate ?? undefined);
    } catch (error) {
      // Candidates of an offer that was ignored belong to nothing.
      if (!this.#ignoreOffer) {
        throw error;
      }
    }
  }

  #openChannel() {
    if (this.#channel) {
      return;
    }
    const { signal } = this.#closed;
    const channel = this.#connection.createDataChannel("chat", CHAT_CHANNEL);
    this.#channel = channel;
    channel.addEventListener("open", () => this.#flush(channel), { signal });
    channel.addEventListener("message", ({ data }) => this.#takeMessage(data), { signal });
  }

  /** @param {RTCDataChannel} channel */
  #flush(channel) {
    const texts = [encode({ type: "media", ...this.#media }), ...this.#unsent];
    this.#unsent = [];
    for (const text of texts) {
      channel.send(text);
    }
  }

  /** @param {unknown} data */
  #takeMessage(data) {
    const message = decodeFromPerson(data);
    if (message) {
      this.#tell("message", message);
    }
  }

  #sendDescription() {
    const { localDescription } = this.#connection;
    if (localDescription && !this.#closed.signal.aborted) {
      const { type, sdp } = localDescription;
      this.#send({ description: { type: /** @type {"offer" | "answer"} */ (type), sdp } });
    }
  }

  #followLink() {
    const { connectionState } = this.#connection;
    if (connectionState === "connected") {
      this.#restarts = 0;
    } else if (connectionState === "failed") {
      this.#recover();
    }
    // "disconnected" often mends itself: show it, and wait for "failed".
    const interrupted = connectionState === "failed" || connectionState === "disconnected";
    /** @type {Link} */
    const down = interrupted ? "interrupted" : "connecting";
    this.#tell("link", connectionState === "connected" ? "connected" : down);
  }

  #recover() {
    if (this.#restarts < MAX_RESTARTS) {
      this.#restarts += 1;
      this.restartIce();
    } else {
      this.#tell("lost", null);
    }
  }

  /**
   * @param {string} type
   * @param {unknown} detail
   */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  /**
   * @param {string} what
   * @param {unknown} error
   */
  #report(what, error) {
    // After close() whatever was under way fails, as it should.
    if (!this.#closed.signal.aborted) {
      console.warn(`${what}:`, error);
    }
  }
}

export { Person };
