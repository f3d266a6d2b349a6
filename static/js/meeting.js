/**
 * One stay in a room: the signaling connection, the people and the way to the bot, joined.
 *
 * Events: `event` (detail: a RoomEvent). After a `left` nothing follows.
 */

import { isCommand } from "./channels.js";
import { endsStay, serverProblem } from "./problems.js";

/** @import { Jukebox } from "./jukebox.js" */
/** @import { People } from "./people.js" */
/** @import { Outgoing } from "./outgoing.js" */
/** @import { IncomingSignal, Join, Peer, ServerMessage, Signal, Welcome } from "./protocol.js" */
/** @import { Signaling } from "./signaling.js" */
/** @import { RoomEvent } from "./state.js" */

const VERSION = 1;

const OTHER_VERSION = "The server speaks another version than this page. Reload the page.";

/**
 * What the parts may use of the meeting that they are made for.
 *
 * @typedef {{
 *   hello: () => Join,
 *   ice: () => RTCIceServer[],
 *   send: (to: string, signal: Signal) => void,
 *   summon: () => void,
 * }} Lines
 *
 * @typedef {{ signaling: Signaling, people: People, jukebox: Jukebox }} Parts
 */

class Meeting extends EventTarget {
  #room;
  #name;
  #signaling;
  #people;
  #jukebox;
  #self = "";
  #inside = false;
  /** @type {string | null} */
  #resume = null;
  /** @type {RTCIceServer[]} */
  #ice = [];
  /** @type {Map<string, Peer>} */
  #peers = new Map();
  #nextId = 1;
  #closed = new AbortController();

  /**
   * @param {string} room
   * @param {string} name
   * @param {(lines: Lines) => Parts} makeParts
   */
  constructor(room, name, makeParts) {
    super();
    this.#room = room;
    this.#name = name;
    const { signaling, people, jukebox } = makeParts({
      hello: () => this.#hello(),
      ice: () => this.#ice,
      send: (to, signal) => signaling.send({ type: "signal", to, ...signal }),
      summon: () => signaling.send({ type: "summon" }),
    });
    this.#signaling = signaling;
    this.#people = people;
    this.#jukebox = jukebox;
    this.#listen();
  }

  /** Connect with the server now; while it waits to do so, wait no longer. */
  connect() {
    this.#signaling.connect();
  }

  /**
   * Say a line to everyone; with the prefix it is a command as well.
   *
   * @param {string} text
   * @param {number} at unix time in milliseconds
   */
  say(text, at) {
    const id = String(this.#nextId);
    this.#nextId += 1;
    this.#people.say({ type: "chat", id, text, at });
    this.#tell({ type: "said", peer: this.#self, id, text });
    if (isCommand(text)) {
      this.command(text);
    }
  }

  /**
   * Give the bot a command without a line of chat.
   *
   * @param {string} text
   */
  command(text) {
    this.#jukebox.command(text);
  }

  /**
   * Send other tracks to everyone from now on.
   *
   * @param {Outgoing} outgoing
   */
  update(outgoing) {
    this.#people.update(outgoing);
  }

  /** The machine has another network: do not wait until the old one is known to be dead. */
  networkChanged() {
    this.#signaling.connect();
    this.#people.restartIce();
  }

  /** Leave the room. May be called twice. */
  leave() {
    this.#signaling.send({ type: "leave" });
    this.#close();
  }

  #listen() {
    const { signal } = this.#closed;
    /** @type {(target: EventTarget, type: string, take: (detail: any) => void) => void} */
    const on = (target, type, take) => {
      target.addEventListener(type, (event) => take(/** @type {CustomEvent} */ (event).detail), {
        signal,
      });
    };
    on(this.#signaling, "message", (message) => this.#take(message));
    on(this.#signaling, "connecting", () => {
      this.#inside = false;
      this.#tell({ type: "connecting" });
    });
    on(this.#signaling, "waiting", (until) => this.#tell({ type: "waiting", until }));
    on(this.#people, "event", (event) => this.#tell(event));
    on(this.#jukebox, "event", (event) => this.#tell(event));
  }

  /** @returns {Join} */
  #hello() {
    return {
      type: "join",
      room: this.#room,
      name: this.#name,
      kind: "person",
      password: null,
      token: null,
      resume: this.#resume,
    };
  }

  /** @param {ServerMessage} message */
  #take(message) {
    switch (message.type) {
      case "signal":
        this.#takeSignal(message);
        break;
      case "error":
        this.#takeError(message.code, message.message);
        break;
      case "welcome":
        this.#enter(message);
        break;
      default:
        // The page must know of a peer before it hears of the connection with it.
        this.#tell(message);
        this.#takeNewsOfPeers(message);
    }
  }

  /** @param {Welcome} welcome */
  #enter(welcome) {
    if (welcome.version !== VERSION) {
      this.#end(OTHER_VERSION);
      return;
    }
    this.#inside = true;
    this.#tell(welcome);
    const { self, peers, ice, resume } = welcome;
    this.#resume = resume;
    this.#ice = /** @type {RTCIceServer[]} */ (ice);
    this.#peers = new Map(peers.map((peer) => [peer.id, peer]));
    if (self.id !== this.#self) {
      this.#self = self.id;
      this.#jukebox.reset();
    }
    const people = peers.filter(({ kind, id }) => kind === "person" && id !== self.id);
    this.#people.enter(
      self.id,
      people.map(({ id }) => id),
    );
    this.#lookForBot();
  }

  /** @param {ServerMessage} message */
  #takeNewsOfPeers(message) {
    if (message.type === "peer-joined") {
      const { peer } = message;
      this.#peers.set(peer.id, peer);
      if (peer.kind === "person") {
        this.#people.joined(peer.id);
      }
      this.#lookForBot();
    } else if (message.type === "peer-left") {
      this.#peers.delete(message.peer);
      this.#people.left(message.peer);
      this.#lookForBot();
    }
  }

  #lookForBot() {
    const bot = [...this.#peers.values()].find(({ kind }) => kind === "bot");
    this.#jukebox.setBot(bot?.id ?? null);
  }

  /** @param {IncomingSignal} message */
  #takeSignal({ from, description, candidate }) {
    const kind = this.#peers.get(from)?.kind;
    if (kind === "bot") {
      this.#jukebox.receive({ description, candidate });
    } else if (kind === "person") {
      this.#people.receive(from, { description, candidate });
    }
    // Otherwise it is of somebody who left.
  }

  /**
   * @param {string} code
   * @param {string} message
   */
  #takeError(code, message) {
    if (endsStay(code, this.#inside)) {
      this.#end(serverProblem(code, message));
    } else if (code === "no-such-peer") {
      // A signal and the news that its receiver left have crossed.
    } else if (code === "no-bot" && this.#jukebox.refuse(serverProblem(code, message))) {
      // It is said where the command was.
    } else {
      this.#tell({ type: "error", code, message });
    }
  }

  /** @param {string} text why */
  #end(text) {
    this.#tell({ type: "left", notice: { text, tone: "problem" } });
    this.#close();
  }

  #close() {
    this.#closed.abort();
    this.#signaling.close();
    this.#jukebox.close();
    this.#people.close();
  }

  /** @param {RoomEvent} detail */
  #tell(detail) {
    this.dispatchEvent(new CustomEvent("event", { detail }));
  }
}

export { Meeting };
