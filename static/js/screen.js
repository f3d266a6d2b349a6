/** The screen or window that is shared, if any. Events: `change`. */

const REQUEST = { video: { frameRate: { ideal: 15 } }, audio: false };

class Screen extends EventTarget {
  #media;
  /** @type {MediaStreamTrack | null} */
  #track = null;

  /** @param {MediaDevices | undefined} media absent on pages without https */
  constructor(media) {
    super();
    this.#media = media;
  }

  /** @returns {boolean} phones have no such thing */
  get canBeShared() {
    return this.#media !== undefined && "getDisplayMedia" in this.#media;
  }

  /** @returns {MediaStreamTrack | null} */
  get track() {
    return this.#track;
  }

  /** Let the person choose what to share. */
  async share() {
    try {
      const stream = await this.#media?.getDisplayMedia(REQUEST);
      const [track] = stream?.getVideoTracks() ?? [];
      if (track) {
        this.#track?.stop();
        // Text must stay sharp, even if the picture then moves less smoothly.
        track.contentHint = "detail";
        track.addEventListener("ended", () => this.#track === track && this.stop());
        this.#set(track);
      }
    } catch (error) {
      // Mostly somebody who thought better of it.
      console.warn("No screen is shared:", error);
    }
  }

  stop() {
    if (this.#track) {
      this.#track.stop();
      this.#set(null);
    }
  }

  /** @param {MediaStreamTrack | null} track */
  #set(track) {
    this.#track = track;
    this.dispatchEvent(new Event("change"));
  }
}

export { Screen };
