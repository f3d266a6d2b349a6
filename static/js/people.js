/**
 * The connections with the other people of a room: builds, drops and rebuilds them.
 *
 * Events: `event` (detail: a RoomEvent).
 */

import { delayBefore } from "./backoff.js";

/** @import { PersonMessage } from "./channels.js" */
/** @import { Clock } from "./clock.js" */
/** @import { Outgoing } from "./outgoing.js" */
/** @import { Person } from "./person.js" */
/** @import { Signal } from "./protocol.js" */
/** @import { Link, RoomEvent } from "./state.js" */

/**
 * How to meet a person: who is `polite` gives way when both offer at once, and waits for the other
 * to offer first unless it `knocks`.
 *
 * @typedef {{ polite: boolean, knocks: boolean, outgoing: Outgoing }} Manners
 */

const UPLOAD = 4_000_000;
/** Bits a second for the pictures that are sent to all others together. */

const MAX_PICTURE = 1_500_000;
/** Bits a second for one; more does not look better at 720 lines. */

/** @typedef {(id: string, manners: Manners) => Person} MakePerson */

/**
 * @typedef {{ person: Person, present: AbortController }} Contact
 *   `present` ends with the connection
 */

class People extends EventTarget {
  #makePerson;
  #outgoing;
  #clock;
  #random;
  #self = "";
  /** @type {Map<string, Contact>} */
  #contacts = new Map();
  /** @type {Map<string, number>} how often in a row a connection was built again */
  #rebuilt = new Map();

  /**
   * @param {object} parts
   * @param {MakePerson} parts.makePerson
   * @param {Outgoing} parts.outgoing
   * @param {Clock} parts.clock
   * @param {() => number} [parts.random]
   */
  constructor({ makePerson, outgoing, clock, random = Math.random }) {
    super();
    this.#makePerson = makePerson;
    this.#outgoing = outgoing;
    this.#clock = clock;
    this.#random = random;
  }

  /**
   * Enter a room, or come back to it. Connections with those who know us under the same id live
   * on, if they have not missed anything.
   *
   * @param {string} self
   * @param {readonly string[]} ids of the others
   */
  enter(self, ids) {
    const resumed = self === this.#self;
    this.#self = self;
    for (const [id, { person }] of this.#contacts) {
      if (!resumed || !ids.includes(id) || !person.isSettled) {
        this.#drop(id);
      }
    }
    for (const id of ids) {
      // Offers that were sent to us while we were away are lost, so do not wait for one.
      this.#meet(id, resumed);
    }
  }

  /** @param {string} id */
  joined(id) {
    this.#meet(id, false);
  }

  /** @param {string} id */
  left(id) {
    this.#rebuilt.delete(id);
    this.#drop(id);
    this.#shareUpload();
  }

  /**
   * @param {string} from
   * @param {Signal} signal
   */
  receive(from, signal) {
    if (this.#contacts.get(from)?.person.isSupersededBy(signal)) {
      this.#drop(from);
    }
    this.#meet(from, false).receive(signal);
  }

  /** @param {PersonMessage} message */
  say(message) {
    for (const { person } of this.#contacts.values()) {
      person.say(message);
    }
  }

  /** @param {Outgoing} outgoing */
  update(outgoing) {
    this.#outgoing = outgoing;
    for (const { person } of this.#contacts.values()) {
      person.update(outgoing);
    }
  }

  restartIce() {
    for (const { person } of this.#contacts.values()) {
      person.restartIce();
    }
  }

  /** End all connections. May be called twice. */
  close() {
    for (const id of [...this.#contacts.keys()]) {
      this.#drop(id);
    }
  }

  /**
   * Return the connection with a person; build it if there is none.
   *
   * @param {string} id
   * @param {boolean} knocks
   * @returns {Person}
   */
  #meet(id, knocks) {
    const known = this.#contacts.get(id);
    if (known) {
      return known.person;
    }
    // Ids are unique, so exactly one of two is polite.
    const polite = this.#self < id;
    const person = this.#makePerson(id, { polite, knocks, outgoing: this.#outgoing });
    const contact = { person, present: new AbortController() };
    this.#contacts.set(id, contact);
    this.#follow(id, contact);
    return person;
  }

  /**
   * @param {string} id
   * @param {Contact} contact
   */
  #follow(id, { person, present: { signal } }) {
    /** @type {(type: string, take: (detail: any) => void) => void} */
    const on = (type, take) => {
      person.addEventListener(type, (event) => take(/** @type {CustomEvent} */ (event).detail), {
        signal,
      });
    };
    on("track", (track) => this.#tell({ type: "track", peer: id, track }));
    on("link", (link) => this.#takeLink(id, link));
    on("message", (message) => this.#takeMessage(id, message));
    on("lost", () => this.#rebuildLater(id, signal));
  }

  /**
   * @param {string} id
   * @param {Link} link
   */
  #takeLink(id, link) {
    if (link === "connected") {
      this.#rebuilt.delete(id);
      this.#shareUpload();
    }
    this.#tell({ type: "link", peer: id, link });
  }

  #shareUpload() {
    const bits = Math.floor(Math.min(UPLOAD / this.#contacts.size, MAX_PICTURE));
    for (const { person } of this.#contacts.values()) {
      person.limitPicture(bits);
    }
  }

  /**
   * @param {string} id
   * @param {PersonMessage} message
   */
  #takeMessage(id, message) {
    if (message.type === "chat") {
      this.#tell({ type: "said", peer: id, id: message.id, text: message.text });
    } else {
      const { microphone, camera, screen } = message;
      this.#tell({ type: "media", peer: id, media: { microphone, camera, screen } });
    }
  }

  /**
   * @param {string} id
   * @param {AbortSignal} signal ends with the connection, for instance if the other end was first
   */
  #rebuildLater(id, signal) {
    const attempt = this.#rebuilt.get(id) ?? 0;
    this.#rebuilt.set(id, attempt + 1);
    const delay = delayBefore(attempt, this.#random);
    this.#clock.after(delay, () => this.#rebuild(id), signal);
  }

  /** @param {string} id */
  #rebuild(id) {
    this.#drop(id);
    this.#meet(id, true);
  }

  /** @param {string} id */
  #drop(id) {
    const contact = this.#contacts.get(id);
    contact?.present.abort();
    contact?.person.close();
    this.#contacts.delete(id);
  }

  /** @param {RoomEvent} detail */
  #tell(detail) {
    this.dispatchEvent(new CustomEvent("event", { detail }));
  }
}

export { People };
