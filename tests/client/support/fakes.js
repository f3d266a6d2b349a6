/** Stand-ins for what a browser offers; each keeps what it was told. */

/**
 * Use a fake as the thing that it stands for.
 *
 * @param {unknown} fake
 * @returns {any}
 */
function as(fake) {
  return fake;
}

/** Let everything happen that waits for nothing but promises. */
async function settle() {
  for (let turn = 0; turn < 50; turn += 1) {
    await Promise.resolve();
  }
}

/**
 * Keep what a part tells.
 *
 * @param {EventTarget} target
 * @param {...string} types
 * @returns {any[]} grows with each event: its detail, or its type if it has none
 */
function record(target, ...types) {
  /** @type {any[]} */
  const told = [];
  for (const type of types) {
    target.addEventListener(type, (event) =>
      told.push(/** @type {CustomEvent} */ (event).detail ?? event.type),
    );
  }
  return told;
}

/** A clock that stands still until it is moved. */
class FakeClock {
  time = 100;
  /** @type {{ due: number, callback: () => void, signal: AbortSignal }[]} */
  #timers = [];

  now = () => this.time;

  /** @type {import("../../../static/js/clock.js").Clock["after"]} */
  after = (seconds, callback, signal) => {
    this.#timers.push({ due: this.time + seconds, callback, signal });
  };

  /** @returns {number} timers that would still go off */
  get pending() {
    return this.#timers.filter(({ signal }) => !signal.aborted).length;
  }

  /** @param {number} seconds */
  advance(seconds) {
    this.time += seconds;
    const due = this.#timers.filter((timer) => timer.due <= this.time);
    this.#timers = this.#timers.filter((timer) => timer.due > this.time);
    for (const { callback, signal } of due) {
      if (!signal.aborted) {
        callback();
      }
    }
  }
}

class FakeSocket extends EventTarget {
  readyState = 0;
  /** @type {any[]} */
  sent = [];

  /** @param {string} text */
  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close() {
    this.readyState = 3;
  }

  open() {
    this.readyState = 1;
    this.dispatchEvent(new Event("open"));
  }

  /** @param {unknown} message */
  receive(message) {
    const data = typeof message === "string" ? message : JSON.stringify(message);
    this.dispatchEvent(Object.assign(new Event("message"), { data }));
  }

  fail() {
    this.readyState = 3;
    this.dispatchEvent(new Event("close"));
  }
}

class FakeTrack extends EventTarget {
  enabled = true;
  readyState = "live";
  contentHint = "";

  /**
   * @param {"audio" | "video"} kind
   * @param {string} [deviceId]
   */
  constructor(kind, deviceId = "default") {
    super();
    this.kind = kind;
    this.deviceId = deviceId;
  }

  getSettings() {
    return { deviceId: this.deviceId };
  }

  stop() {
    this.readyState = "ended";
  }

  /** The device is unplugged. */
  end() {
    this.stop();
    this.dispatchEvent(new Event("ended"));
  }
}

class FakeStream {
  /** @param {FakeTrack[]} [tracks] */
  constructor(tracks = []) {
    this.tracks = tracks;
  }

  getTracks() {
    return this.tracks;
  }

  getAudioTracks() {
    return this.tracks.filter(({ kind }) => kind === "audio");
  }

  getVideoTracks() {
    return this.tracks.filter(({ kind }) => kind === "video");
  }
}

class FakeChannel extends EventTarget {
  readyState = "connecting";
  /** @type {any[]} */
  sent = [];

  /** @param {string} label */
  constructor(label) {
    super();
    this.label = label;
  }

  /** @param {string} text */
  send(text) {
    this.sent.push(JSON.parse(text));
  }

  open() {
    this.readyState = "open";
    this.dispatchEvent(new Event("open"));
  }

  /** @param {unknown} message */
  receive(message) {
    this.dispatchEvent(Object.assign(new Event("message"), { data: JSON.stringify(message) }));
  }

  close() {
    this.readyState = "closed";
  }
}

export { FakeChannel, FakeClock, FakeSocket, FakeStream, FakeTrack, as, record, settle };
