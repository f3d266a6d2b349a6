/**
 * Everything that sounds: the music, and an element for each person's voice.
 *
 * The voices have elements of their own, beside the pictures, because Chrome plays the sound of a
 * stream only once its first picture has arrived, and a camera may be off.
 *
 * Events: `change` when `mustClick` changes.
 */

import { gain } from "./volume.js";

class AudioOutput extends EventTarget {
  #music;
  #makeElement;
  /** @type {Map<string, HTMLAudioElement>} by peer */
  #voices = new Map();
  /** @type {Set<HTMLAudioElement>} */
  #refused = new Set();
  #speaker = "";

  /**
   * @param {HTMLAudioElement} music
   * @param {() => HTMLAudioElement} makeElement
   */
  constructor(music, makeElement) {
    super();
    this.#music = music;
    this.#makeElement = makeElement;
  }

  /** @returns {boolean} whether the browser wants a click before anything sounds */
  get mustClick() {
    return this.#refused.size > 0;
  }

  /** Let the music sound later: to be called within a click. */
  unlock() {
    if (this.#music.srcObject === null) {
      this.#play(this.#music, new MediaStream());
    }
  }

  /**
   * Play these and nothing else.
   *
   * @param {MediaStream | null} music
   * @param {ReadonlyMap<string, MediaStreamTrack>} voices by peer
   */
  play(music, voices) {
    if (music && this.#music.srcObject !== music) {
      this.#play(this.#music, music);
    }
    for (const [peer, track] of voices) {
      this.#playVoice(peer, track);
    }
    for (const [peer, element] of this.#voices) {
      if (!voices.has(peer)) {
        this.#voices.delete(peer);
        this.#silence(element);
      }
    }
  }

  /** Forget all that plays. */
  stop() {
    this.play(null, new Map());
    this.#silence(this.#music);
  }

  /** Try again what was refused: to be called within a click. */
  retry() {
    for (const element of this.#refused) {
      this.#start(element);
    }
  }

  /** @param {number} percent */
  setMusicVolume(percent) {
    this.#music.volume = gain(percent);
  }

  /**
   * @param {string} peer
   * @param {number} percent
   */
  setVoiceVolume(peer, percent) {
    const element = this.#voices.get(peer);
    if (element) {
      element.volume = gain(percent);
    }
  }

  /** @param {string} id of the output device; empty for the default one */
  setSpeaker(id) {
    this.#speaker = id;
    for (const element of [this.#music, ...this.#voices.values()]) {
      this.#route(element);
    }
  }

  /**
   * @param {string} peer
   * @param {MediaStreamTrack} track
   */
  #playVoice(peer, track) {
    const element = this.#voices.get(peer) ?? this.#makeElement();
    this.#voices.set(peer, element);
    if (!tracksOf(element).includes(track)) {
      this.#play(element, new MediaStream([track]));
    }
  }

  /**
   * @param {HTMLAudioElement} element
   * @param {MediaStream} stream
   */
  #play(element, stream) {
    element.srcObject = stream;
    this.#route(element);
    this.#start(element);
  }

  /** @param {HTMLAudioElement} element */
  async #start(element) {
    try {
      await element.play();
      this.#note(element, false);
    } catch (error) {
      // A refusal is a state that the page shows. Anything else means that something else is to
      // be played meanwhile.
      const { name } = /** @type {DOMException} */ (error);
      this.#note(element, name === "NotAllowedError");
    }
  }

  /** @param {HTMLAudioElement} element */
  #silence(element) {
    element.pause();
    element.srcObject = null;
    this.#note(element, false);
  }

  /** @param {HTMLAudioElement} element */
  async #route(element) {
    if (tracksOf(element).length === 0) {
      // Chrome refuses to route silence. It is done when there is something to hear.
      return;
    }
    try {
      // Absent in Safari, which has one output for all.
      await element.setSinkId?.(this.#speaker);
    } catch (error) {
      console.warn("The speaker cannot be used:", error);
    }
  }

  /**
   * @param {HTMLAudioElement} element
   * @param {boolean} refused
   */
  #note(element, refused) {
    const before = this.mustClick;
    if (refused) {
      this.#refused.add(element);
    } else {
      this.#refused.delete(element);
    }
    if (this.mustClick !== before) {
      this.dispatchEvent(new Event("change"));
    }
  }
}

/**
 * @param {HTMLAudioElement} element
 * @returns {MediaStreamTrack[]} what it plays
 */
function tracksOf(element) {
  return /** @type {MediaStream | null} */ (element.srcObject)?.getTracks() ?? [];
}

export { AudioOutput };
