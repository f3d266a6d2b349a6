/** What the page remembers until the next visit. */

import { flag, number, text } from "./shapes.js";

/** @import { Guard, Guarded } from "./shapes.js" */

const KEY = "irisa";

const GUARDS = {
  name: text,
  room: text,
  useMicrophone: flag,
  useCamera: flag,
  microphone: text,
  camera: text,
  speaker: text,
  musicVolume: number,
};

/** @typedef {{ [K in keyof typeof GUARDS]: Guarded<(typeof GUARDS)[K]> }} Values */

/** @type {Values} */
const DEFAULTS = {
  name: "",
  room: "",
  useMicrophone: true,
  useCamera: true,
  microphone: "",
  camera: "",
  speaker: "",
  musicVolume: 80,
};

class Settings {
  #storage;
  #values;

  /** @param {Pick<Storage, "getItem" | "setItem">} storage */
  constructor(storage) {
    this.#storage = storage;
    this.#values = { ...DEFAULTS, ...read(storage) };
  }

  /** @returns {Readonly<Values>} */
  get values() {
    return this.#values;
  }

  /** @param {Partial<Values>} changes */
  save(changes) {
    this.#values = { ...this.#values, ...changes };
    try {
      this.#storage.setItem(KEY, JSON.stringify(this.#values));
    } catch {
      // Private windows may store nothing. The choice holds until the page is closed.
    }
  }
}

/**
 * @param {Pick<Storage, "getItem">} storage
 * @returns {Partial<Values>} what is there and makes sense
 */
function read(storage) {
  try {
    /** @type {unknown} */
    const stored = JSON.parse(storage.getItem(KEY) ?? "{}");
    const entries = Object.entries(Object(stored));
    return Object.fromEntries(entries.filter(([name, value]) => guardOf(name)?.(value)));
  } catch {
    return {};
  }
}

/**
 * @param {string} name
 * @returns {Guard<unknown> | undefined}
 */
function guardOf(name) {
  return Object.hasOwn(GUARDS, name)
    ? GUARDS[/** @type {keyof typeof GUARDS} */ (name)]
    : undefined;
}

export { DEFAULTS, Settings };
