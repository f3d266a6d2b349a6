/**
 * The connection with the bot: it offers, we answer in stereo.
 *
 * One music line and one data channel come with the offer, and nothing is negotiated on it again.
 *
 * Events: `stream`, `open` once the bot is heard on the channel `music`, its `message`, `lost`.
 */

import { decodeFromBot, encode } from "./channels.js";
import { withStereoAndNack } from "./sdp.js";

/** @import { Command } from "./channels.js" */
/** @import { Signal } from "./protocol.js" */

const BUFFER_TIME = 0.2;
/** Seconds of music that the browser holds back, so that a lost packet can be sent again. */

const CHANNEL = "music";

class Listener extends EventTarget {
  #connection;
  #send;
  /** @type {RTCDataChannel | null} */
  #channel = null;
  #heard = false;
  #closed = new AbortController();

  /**
   * @param {object} parts
   * @param {RTCPeerConnection} parts.connection
   * @param {(signal: Signal) => void} parts.send to the bot, through the server
   */
  constructor({ connection, send }) {
    super();
    this.#connection = connection;
    this.#send = send;
    const { signal } = this.#closed;
    connection.addEventListener("icecandidate", (event) => this.#sendCandidate(event), { signal });
    connection.addEventListener("track", (event) => this.#takeTrack(event), { signal });
    connection.addEventListener("datachannel", (event) => this.#takeChannel(event), { signal });
    connection.addEventListener("connectionstatechange", () => this.#followLink(), { signal });
  }

  /** @returns {boolean} whether commands can be sent */
  get isOpen() {
    return this.#heard && this.#channel?.readyState === "open";
  }

  /** @param {RTCSessionDescriptionInit} offer */
  async answer(offer) {
    const connection = this.#connection;
    try {
      await connection.setRemoteDescription(offer);
      const answer = await connection.createAnswer();
      const sdp = withStereoAndNack(answer.sdp ?? "", offer.sdp ?? "");
      try {
        await connection.setLocalDescription({ type: "answer", sdp });
      } catch {
        // A browser may refuse a changed answer. Mono is better than nothing.
        await connection.setLocalDescription(answer);
      }
      this.#sendAnswer();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** @param {RTCIceCandidateInit | null} candidate */
  async addCandidate(candidate) {
    try {
      await this.#connection.addIceCandidate(candidate ?? undefined);
    } catch (error) {
      // One candidate less; the others may do.
      console.warn("A candidate of the music bot could not be used:", error);
    }
  }

  /**
   * @param {Command} command
   * @returns {boolean} false if the bot cannot be reached at present
   */
  command(command) {
    if (!this.#channel || !this.isOpen) {
      return false;
    }
    this.#channel.send(encode(command));
    return true;
  }

  /** End the connection. May be called twice. */
  close() {
    this.#closed.abort();
    this.#connection.close();
  }

  #sendAnswer() {
    const { localDescription } = this.#connection;
    if (localDescription && !this.#closed.signal.aborted) {
      this.#send({ description: { type: "answer", sdp: localDescription.sdp } });
    }
  }

  /** @param {RTCPeerConnectionIceEvent} event */
  #sendCandidate({ candidate }) {
    this.#send({ candidate: candidate?.toJSON() ?? null });
  }

  /** @param {RTCTrackEvent} event */
  #takeTrack({ receiver, track, streams: [stream] }) {
    deepenBuffer(receiver);
    this.#tell("stream", stream ?? new MediaStream([track]));
  }

  /** @param {RTCDataChannelEvent} event */
  #takeChannel({ channel }) {
    if (channel.label !== CHANNEL) {
      return;
    }
    this.#channel = channel;
    const { signal } = this.#closed;
    channel.addEventListener("message", ({ data }) => this.#takeMessage(data), { signal });
    channel.addEventListener("close", () => this.#tell("lost", null), { signal });
  }

  /** @param {unknown} data */
  #takeMessage(data) {
    // The bot says at once how things stand. Before that Chrome loses now and then what is sent,
    // though the channel calls itself open.
    if (!this.#heard) {
      this.#heard = true;
      this.#tell("open", null);
    }
    const message = decodeFromBot(data);
    if (message) {
      this.#tell("message", message);
    }
  }

  #followLink() {
    if (this.#connection.connectionState === "failed") {
      this.#tell("lost", null);
    }
  }

  /** @param {unknown} error */
  #fail(error) {
    if (!this.#closed.signal.aborted) {
      console.warn("The music bot's offer could not be answered:", error);
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
}

/** @param {RTCRtpReceiver & { playoutDelayHint?: number }} receiver */
function deepenBuffer(receiver) {
  if ("jitterBufferTarget" in receiver) {
    receiver.jitterBufferTarget = BUFFER_TIME * 1000;
  } else if ("playoutDelayHint" in receiver) {
    /** @type {{ playoutDelayHint?: number }} */ (receiver).playoutDelayHint = BUFFER_TIME;
  }
}

export { Listener };
