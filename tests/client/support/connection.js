/** A peer connection without a network, which keeps the rules of negotiation (RFC 8829). */

import { FakeChannel, FakeTrack } from "./fakes.js";

let sessions = 0;

class FakeLine {
  /** @type {string | null} */
  mid = null;
  direction = "sendrecv";

  /** @param {"audio" | "video"} kind */
  constructor(kind) {
    this.kind = kind;
    this.receiver = { track: new FakeTrack(kind) };
    this.sender = {
      /** @type {unknown} */
      track: null,
      /** @param {unknown} track */
      replaceTrack: async (track) => {
        this.sender.track = track;
      },
      setStreams: () => {},
      parameters: { encodings: [{}] },
      getParameters: () => structuredClone(this.sender.parameters),
      /** @param {any} parameters */
      setParameters: async (parameters) => {
        this.sender.parameters = parameters;
      },
    };
  }
}

class FakeConnection extends EventTarget {
  signalingState = "stable";
  connectionState = "new";
  /** @type {{ type: string, sdp: string, toJSON?: unknown } | null} */
  localDescription = null;
  restarts = 0;
  /** @type {FakeLine[]} */
  lines = [];
  /** @type {FakeChannel[]} */
  channels = [];
  /** @type {unknown[]} */
  candidates = [];
  /** @type {FakeLine[]} those that the offer under way brought */
  #offered = [];
  #session = (sessions += 1);
  #mids = 0;
  #needed = false;
  /** What is asked for while something else is done waits for its turn, as in browsers. */
  #chain = Promise.resolve();

  /** @param {"audio" | "video"} kind */
  addTransceiver(kind) {
    const line = new FakeLine(kind);
    this.lines.push(line);
    this.#need();
    return line;
  }

  getTransceivers() {
    return this.lines;
  }

  /** @param {string} label */
  createDataChannel(label) {
    const channel = new FakeChannel(label);
    this.channels.push(channel);
    this.#need();
    return channel;
  }

  restartIce() {
    this.restarts += 1;
    this.#need();
  }

  /** @param {{ candidate: string } | undefined} candidate */
  addIceCandidate(candidate) {
    return this.#inTurn(() => this.#addIceCandidate(candidate));
  }

  /** @param {{ type: string, sdp: string }} [description] */
  setLocalDescription(description) {
    return this.#inTurn(() => this.#setLocalDescription(description));
  }

  /** @param {{ type: string, sdp: string }} description */
  setRemoteDescription(description) {
    return this.#inTurn(() => this.#setRemoteDescription(description));
  }

  close() {
    this.signalingState = "closed";
    this.connectionState = "closed";
  }

  /** @param {string} state */
  connect(state) {
    this.connectionState = state;
    this.dispatchEvent(new Event("connectionstatechange"));
  }

  /**
   * @param {() => Promise<void>} operation
   * @returns {Promise<void>}
   */
  #inTurn(operation) {
    const done = this.#chain.then(operation);
    this.#chain = done.catch(() => {});
    return done;
  }

  /** @param {{ candidate: string } | undefined} candidate */
  async #addIceCandidate(candidate) {
    this.#mustBeOpen();
    if (candidate?.candidate === "bad") {
      throw new Error("The candidate belongs to nothing.");
    }
    this.candidates.push(candidate);
  }

  /** @param {{ type: string, sdp: string } | undefined} description */
  async #setLocalDescription(description) {
    await Promise.resolve();
    this.#mustBeOpen();
    const answers = this.signalingState === "have-remote-offer";
    if (answers) {
      this.#offered = [];
    } else {
      this.#offered = this.getTransceivers().filter(({ mid }) => mid === null);
      for (const line of this.#offered) {
        line.mid = String((this.#mids += 1));
      }
    }
    this.#needed = false;
    this.localDescription = description ?? { type: answers ? "answer" : "offer", sdp: this.#sdp() };
    this.#become(answers ? "stable" : "have-local-offer");
  }

  /** @param {{ type: string, sdp: string }} description */
  async #setRemoteDescription(description) {
    if (description.type === "offer" && this.signalingState === "have-local-offer") {
      this.#rollBack();
    }
    await Promise.resolve();
    this.#mustBeOpen();
    const expected = description.type === "answer" ? "have-local-offer" : "stable";
    if (this.signalingState !== expected) {
      throw new Error(`There is no place for an ${description.type} in ${this.signalingState}.`);
    }
    for (const [, kind, mid] of description.sdp.matchAll(/m=(audio|video) (\d+)/gu)) {
      this.#takeLine(/** @type {"audio" | "video"} */ (kind), mid ?? "");
    }
    this.#become(description.type === "answer" ? "stable" : "have-remote-offer");
  }

  #sdp() {
    const lines = this.getTransceivers().map(({ kind, mid }) => `m=${kind} ${mid}`);
    return [`o=- ${this.#session} 1 IN IP4 127.0.0.1`, ...lines].join("\r\n");
  }

  /**
   * @param {"audio" | "video"} kind
   * @param {string} mid
   */
  #takeLine(kind, mid) {
    if (!this.lines.some((line) => line.mid === mid)) {
      const line = new FakeLine(kind);
      line.mid = mid;
      line.direction = "recvonly";
      this.lines.push(line);
    }
    this.#mids = Math.max(this.#mids, Number(mid));
  }

  #rollBack() {
    for (const line of this.#offered) {
      line.mid = null;
    }
    this.signalingState = "stable";
    this.#needed = true;
  }

  #need() {
    this.#needed = true;
    queueMicrotask(() => this.#negotiate());
  }

  #negotiate() {
    if (this.#needed && this.signalingState === "stable") {
      this.#needed = false;
      this.dispatchEvent(new Event("negotiationneeded"));
    }
  }

  /** @param {string} state */
  #become(state) {
    this.signalingState = state;
    queueMicrotask(() => this.#negotiate());
  }

  #mustBeOpen() {
    if (this.signalingState === "closed") {
      throw new Error("The connection is closed.");
    }
  }
}

export { FakeConnection };
