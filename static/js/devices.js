/**
 * Camera and microphone: asked for in steps (both, then each alone, then none), switched without
 * ever un-muting, and really released at the end.
 *
 * Asking may take for ever, because people may never answer the browser's question. So nothing
 * waits for it: what comes is told by the event `change`, and what comes too late is released.
 */

/** @import { DeviceList } from "./devicelist.js" */
/** @import { Kind } from "./problems.js" */
/** @import { Device, Devices as Snapshot } from "./state.js" */

/**
 * @typedef {Device & { chosen: string, insist: boolean, attempt: number }} Slot
 *   `attempt` tells the present attempt to open the device from those that are out of date
 */

/** @type {readonly Kind[]} */
const KINDS = ["microphone", "camera"];

const PICTURE = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };

class Devices extends EventTarget {
  #media;
  #permissions;
  #list;
  #speaker;
  /** @type {Record<Kind, Slot>} */
  #slots;

  /**
   * @param {object} parts
   * @param {MediaDevices | undefined} parts.media absent on pages without https
   * @param {Permissions | undefined} parts.permissions
   * @param {DeviceList} parts.list
   * @param {{ microphone: string, camera: string, speaker: string }} parts.chosen ids of last time
   */
  constructor({ media, permissions, list, chosen }) {
    super();
    this.#media = media;
    this.#permissions = permissions;
    this.#list = list;
    this.#speaker = chosen.speaker;
    this.#slots = { microphone: emptySlot(chosen.microphone), camera: emptySlot(chosen.camera) };
    list.addEventListener("change", () => this.#changed());
  }

  /** @returns {Omit<Snapshot, "screen">} */
  get snapshot() {
    const { microphone, camera } = this.#slots;
    return {
      microphone: publicPart(microphone),
      camera: publicPart(camera),
      choices: {
        microphone: this.#list.choices("audioinput", idOf(microphone), "Microphone"),
        camera: this.#list.choices("videoinput", idOf(camera), "Camera"),
        speaker: this.#list.choices("audiooutput", this.#speaker, "Speaker"),
      },
    };
  }

  /**
   * Whether the devices can be started without a question to the person.
   *
   * @param {readonly Kind[]} kinds
   * @returns {Promise<boolean>}
   */
  async mayStartUnasked(kinds) {
    const states = await Promise.all(kinds.map((kind) => this.#permission(kind)));
    return states.every((state) => state === "granted");
  }

  /**
   * Turn devices on, with one question for all of them.
   *
   * @param {readonly Kind[]} kinds
   */
  async start(kinds) {
    const missing = kinds.filter((kind) => !this.#slots[kind].on);
    for (const kind of missing) {
      this.#slots[kind].on = true;
    }
    if (missing.length > 0) {
      await this.#open(missing);
    }
  }

  /**
   * Turn a device on or off. A microphone that is muted stays open, so that un-muting is
   * immediate; a camera that is off is released, so that its light goes out.
   *
   * @param {Kind} kind
   * @param {boolean} on
   */
  async turn(kind, on) {
    const slot = this.#slots[kind];
    slot.on = on;
    if (on && !slot.track && !slot.waiting) {
      await this.#open([kind]);
      return;
    }
    if (kind === "camera" && !on) {
      release(slot);
    } else if (slot.track) {
      slot.track.enabled = on;
    }
    this.#changed();
  }

  /**
   * Use another device from now on. What is off or muted stays so.
   *
   * @param {Kind} kind
   * @param {string} id
   */
  async choose(kind, id) {
    const slot = this.#slots[kind];
    slot.chosen = id;
    slot.insist = true;
    if (slot.track || slot.waiting) {
      await this.#open([kind]);
    }
    this.#changed();
  }

  /** @param {string} id */
  chooseSpeaker(id) {
    this.#speaker = id;
    this.#changed();
  }

  /** Release both. They can be started again. */
  release() {
    for (const slot of Object.values(this.#slots)) {
      slot.on = false;
      slot.problem = null;
      release(slot);
    }
    this.#changed();
  }

  /** @param {readonly Kind[]} kinds */
  async #open(kinds) {
    const attempts = kinds.map((kind) => {
      const slot = this.#slots[kind];
      // Some cameras cannot be opened a second time, so let go first.
      release(slot);
      Object.assign(slot, { waiting: true, problem: null });
      return slot.attempt;
    });
    this.#changed();
    try {
      this.#adopt(await this.#ask(kinds), kinds, attempts);
    } catch (error) {
      await this.#openApartOrFail(kinds, attempts, error);
    }
    await this.#list.refresh();
  }

  /**
   * @param {readonly Kind[]} kinds
   * @returns {Promise<MediaStream>}
   */
  async #ask(kinds) {
    if (!this.#media) {
      throw new DOMException("The page was not opened with https.", "SecurityError");
    }
    const { microphone, camera } = this.#slots;
    return this.#media.getUserMedia({
      audio: kinds.includes("microphone") && wish(microphone),
      video: kinds.includes("camera") && { ...PICTURE, ...wish(camera) },
    });
  }

  /**
   * @param {MediaStream} stream
   * @param {readonly Kind[]} kinds
   * @param {readonly number[]} attempts
   */
  #adopt(stream, kinds, attempts) {
    for (const track of stream.getTracks()) {
      const kind = track.kind === "audio" ? "microphone" : "camera";
      const slot = this.#slots[kind];
      if (slot.attempt === attempts[kinds.indexOf(kind)]) {
        track.enabled = slot.on;
        track.addEventListener("ended", () => this.#lose(kind, track));
        Object.assign(slot, { track, waiting: false });
      } else {
        // It was turned off or switched meanwhile, or the room was left.
        track.stop();
      }
    }
    this.#changed();
  }

  /**
   * @param {readonly Kind[]} kinds
   * @param {readonly number[]} attempts
   * @param {unknown} error
   */
  async #openApartOrFail(kinds, attempts, error) {
    const apart = kinds.length > 1 && (await this.#mayAskApart(error));
    for (const [index, kind] of kinds.entries()) {
      const slot = this.#slots[kind];
      if (slot.attempt !== attempts[index]) {
        // It was turned off or switched meanwhile, or the room was left.
        continue;
      }
      if (apart) {
        await this.#open([kind]);
      } else {
        Object.assign(slot, { on: false, waiting: false, problem: nameOf(error) });
      }
    }
    this.#changed();
  }

  /**
   * Somebody who has just said no to both must not be asked again for each. But where only one is
   * forbidden, or only one exists, the other is worth a question.
   *
   * @param {unknown} error
   * @returns {Promise<boolean>}
   */
  async #mayAskApart(error) {
    if (nameOf(error) !== "NotAllowedError") {
      return nameOf(error) !== "SecurityError";
    }
    const states = await Promise.all(KINDS.map((kind) => this.#permission(kind)));
    return states.filter((state) => state === "denied").length === 1;
  }

  /**
   * @param {Kind} kind
   * @returns {Promise<PermissionState>}
   */
  async #permission(kind) {
    try {
      const name = /** @type {PermissionName} */ (kind);
      const status = await this.#permissions?.query({ name });
      return status?.state ?? "prompt";
    } catch {
      // Older Firefox does not know these names.
      return "prompt";
    }
  }

  /**
   * A device was unplugged, or its permission taken back. Another may take its place.
   *
   * @param {Kind} kind
   * @param {MediaStreamTrack} track
   */
  async #lose(kind, track) {
    const slot = this.#slots[kind];
    if (slot.track !== track) {
      return;
    }
    release(slot);
    const lost = slot.attempt;
    Object.assign(slot, { chosen: "", problem: "Ended" });
    this.#changed();
    const unasked = await this.mayStartUnasked([kind]);
    if (slot.attempt !== lost) {
      return;
    }
    if (unasked) {
      await this.#open([kind]);
    } else {
      slot.on = false;
      this.#changed();
    }
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

/**
 * @param {string} chosen
 * @returns {Slot}
 */
function emptySlot(chosen) {
  const off = { on: false, waiting: false, problem: null, track: null };
  return { ...off, chosen, insist: false, attempt: 0 };
}

/** @param {Slot} slot */
function release(slot) {
  slot.attempt += 1;
  slot.waiting = false;
  slot.track?.stop();
  slot.track = null;
}

/**
 * @param {Slot} slot
 * @returns {Device}
 */
function publicPart({ on, waiting, problem, track }) {
  return { on, waiting, problem, track };
}

/**
 * @param {Slot} slot
 * @returns {string} of the device that is open, or of the one that will be
 */
function idOf({ track, chosen }) {
  return track?.getSettings().deviceId ?? chosen;
}

/**
 * @param {Slot} slot
 * @returns {MediaTrackConstraints}
 */
function wish({ chosen, insist }) {
  if (chosen === "") {
    return {};
  }
  // An id of last time may be gone. Only one that was chosen just now must be the one.
  return { deviceId: insist ? { exact: chosen } : { ideal: chosen } };
}

/**
 * @param {unknown} error
 * @returns {string}
 */
function nameOf(error) {
  return error instanceof Error ? error.name : "Error";
}

export { Devices };
