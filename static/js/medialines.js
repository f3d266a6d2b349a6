/**
 * The two lines, audio and video, on which we send to another person. They stay for as long as the
 * connection does; what is sent on them comes, goes and changes.
 */

/** @import { Outgoing } from "./outgoing.js" */

/** @typedef {"audio" | "video"} Kind */

/** @type {readonly Kind[]} */
const KINDS = ["audio", "video"];

class MediaLines {
  #connection;
  #outgoing;
  /** @type {Partial<Record<Kind, RTCRtpTransceiver>>} */
  #lines = {};
  /** @type {number | null} */
  #pictureBits = null;

  /**
   * @param {RTCPeerConnection} connection
   * @param {Outgoing} outgoing
   */
  constructor(connection, outgoing) {
    this.#connection = connection;
    this.#outgoing = outgoing;
  }

  /** Add both lines to the connection, which then has to be negotiated. */
  add() {
    const { stream } = this.#outgoing;
    for (const kind of KINDS) {
      this.#use(kind, this.#connection.addTransceiver(kind, { streams: [stream] }));
    }
  }

  /** Send on the lines that were offered, instead of adding more of our own. */
  adopt() {
    for (const line of this.#connection.getTransceivers()) {
      const kind = /** @type {Kind} */ (line.receiver.track.kind);
      if (!this.#lines[kind]) {
        line.direction = "sendrecv";
        // Absent in older Firefox; only lips and voice may then drift apart.
        line.sender.setStreams?.(this.#outgoing.stream);
        this.#use(kind, line);
      }
    }
  }

  /**
   * Send other tracks from now on, or none.
   *
   * @param {Outgoing} outgoing
   */
  update(outgoing) {
    this.#outgoing = outgoing;
    for (const kind of KINDS) {
      this.#replaceTrack(kind);
    }
  }

  /**
   * Send the picture with so many bits a second at most.
   *
   * @param {number} bits
   */
  limitPicture(bits) {
    this.#pictureBits = bits;
    this.#limit();
  }

  /**
   * @param {Kind} kind
   * @param {RTCRtpTransceiver} line
   */
  #use(kind, line) {
    this.#lines[kind] = line;
    this.#replaceTrack(kind);
    this.#limit();
  }

  /** @param {Kind} kind */
  async #replaceTrack(kind) {
    const sender = this.#lines[kind]?.sender;
    const track = this.#outgoing.tracks[kind];
    if (!sender || sender.track === track) {
      return;
    }
    try {
      await sender.replaceTrack(track);
    } catch (error) {
      this.#report("A track could not be replaced", error);
    }
  }

  async #limit() {
    const sender = this.#lines.video?.sender;
    const parameters = sender?.getParameters();
    // Firefox has no encodings before the line is negotiated.
    if (!sender || !parameters?.encodings?.length || this.#pictureBits === null) {
      return;
    }
    for (const encoding of parameters.encodings) {
      encoding.maxBitrate = this.#pictureBits;
    }
    try {
      await sender.setParameters(parameters);
    } catch (error) {
      this.#report("The picture could not be limited", error);
    }
  }

  /**
   * @param {string} what
   * @param {unknown} error
   */
  #report(what, error) {
    if (this.#connection.signalingState !== "closed") {
      console.warn(`${what}:`, error);
    }
  }
}

export { MediaLines };
