/**
 * The way to the bot: summons it, answers its offers, and holds commands until it can be reached.
 *
 * A bot may leave in the moment in which a command is sent to it. What it has not answered is given
 * to the next one, but only once, since it may be what made the bot go.
 *
 * Events: `event` (detail: a RoomEvent).
 */

import { HeldCommands, PATIENCE } from "./held.js";

/** @import { BotMessage, Command } from "./channels.js" */
/** @import { Clock } from "./clock.js" */
/** @import { Listener } from "./listener.js" */
/** @import { Bot } from "./music.js" */
/** @import { Signal } from "./protocol.js" */
/** @import { RoomEvent } from "./state.js" */

const SUMMONING = "Bringing the music bot…";
const CONNECTING = "Connecting to the music bot…";
const TOO_MANY = "Too many commands are waiting. Give the music bot a moment.";
const NEVER_CAME = `The music bot did not come within ${PATIENCE} seconds. Try again in a moment.`;
const GONE = "The music bot left and may not have heard this. Try again.";
const BROKEN =
  "The connection with the music bot broke, and it may not have heard this. Try again.";

class Jukebox extends EventTarget {
  #listen;
  #summon;
  #clock;
  #held = new HeldCommands();
  /** Those that were sent, but not answered yet. */
  #sent = new HeldCommands();
  /** @type {WeakSet<Command>} */
  #repeated = new WeakSet();
  #nextId = 1;
  /** @type {string | null} */
  #bot = null;
  /** @type {Listener | null} */
  #listener = null;
  /** Ends the hearing of the present listener. */
  #present = new AbortController();
  #closed = new AbortController();

  /**
   * @param {object} parts
   * @param {(bot: string) => Listener} parts.listen make the connection with a bot
   * @param {() => void} parts.summon ask the server for a bot
   * @param {Clock} parts.clock
   */
  constructor({ listen, summon, clock }) {
    super();
    this.#listen = listen;
    this.#summon = summon;
    this.#clock = clock;
  }

  /** Forget the connection with the bot, because it knows us under another id by now. */
  reset() {
    this.#bot = null;
    this.#drop();
    this.#tellBot("absent");
    this.#giveUp(this.#takeSent(), BROKEN);
  }

  /**
   * Take the news which bot is in the room.
   *
   * @param {string | null} bot
   */
  setBot(bot) {
    if (bot === this.#bot) {
      this.#summonIfWanted();
      return;
    }
    this.#bot = bot;
    this.#drop();
    this.#tellBot(bot === null ? "absent" : "connecting");
    this.#recall();
    this.#summonIfWanted();
  }

  /**
   * Take a signal of the bot. Each offer is of a new connection, since the bot never negotiates
   * one again.
   *
   * @param {Signal} signal
   */
  receive({ description, candidate }) {
    if (description?.type === "offer") {
      this.#connect(description);
    } else if (candidate !== undefined) {
      this.#listener?.addCandidate(candidate);
    }
  }

  /**
   * Send a command, now or as soon as a bot is there.
   *
   * @param {string} text as people type it
   */
  command(text) {
    /** @type {Command} */
    const command = { type: "command", id: this.#nextId, text };
    this.#nextId += 1;
    if (!this.#send(command) && this.#hold(command)) {
      this.#summonIfWanted();
    }
  }

  /**
   * The server has no bot for us.
   *
   * @param {string} text why
   * @returns {boolean} whether anybody was waiting for one
   */
  refuse(text) {
    return this.#giveUp(this.#held.take(), text);
  }

  /** End the connection with the bot. May be called twice. */
  close() {
    this.#closed.abort();
    this.#drop();
  }

  /**
   * @param {Command} command
   * @returns {boolean} false if the bot cannot be reached at present
   */
  #send(command) {
    if (!this.#listener?.command(command)) {
      return false;
    }
    const now = this.#clock.now();
    // What is as old as that is not worth repeating.
    this.#sent.expire(now);
    this.#sent.hold(command, now);
    return true;
  }

  /**
   * @param {Command} command
   * @returns {boolean} false if there are too many already
   */
  #hold(command) {
    if (!this.#held.hold(command, this.#clock.now())) {
      this.#tell({ type: "unanswered", ids: [command.id], text: TOO_MANY });
      return false;
    }
    const text = this.#bot === null ? SUMMONING : CONNECTING;
    this.#tell({ type: "held", id: command.id, text });
    this.#clock.after(PATIENCE, () => this.#expire(), this.#closed.signal);
    return true;
  }

  /** Keep for the next bot what the one that is gone has not answered. */
  #recall() {
    for (const command of this.#takeSent()) {
      if (this.#repeated.has(command)) {
        this.#tell({ type: "unanswered", ids: [command.id], text: GONE });
      } else {
        this.#repeated.add(command);
        this.#hold(command);
      }
    }
  }

  /** @returns {Command[]} what was sent lately and not answered */
  #takeSent() {
    this.#sent.expire(this.#clock.now());
    return this.#sent.take();
  }

  /** @param {BotMessage} message */
  #take(message) {
    if (message.type === "reply") {
      this.#sent.drop(message.id);
    }
    this.#tell({ type: "music", message, now: this.#clock.now() });
  }

  #summonIfWanted() {
    if (this.#bot === null && this.#held.size > 0) {
      this.#tellBot("summoned");
      this.#summon();
    }
  }

  /** @param {RTCSessionDescriptionInit} offer */
  #connect(offer) {
    this.#drop();
    if (this.#bot === null || this.#closed.signal.aborted) {
      return;
    }
    const listener = this.#listen(this.#bot);
    this.#listener = listener;
    this.#tellBot("connecting");
    const { signal } = this.#present;
    /** @type {(type: string, take: (event: CustomEvent) => void) => void} */
    const on = (type, take) => {
      listener.addEventListener(type, (event) => take(/** @type {CustomEvent} */ (event)), {
        signal,
      });
    };
    on("stream", ({ detail }) => this.#tell({ type: "sound", stream: detail }));
    on("open", () => this.#flush());
    on("lost", () => this.#lose());
    on("message", ({ detail }) => this.#take(detail));
    listener.answer(offer);
  }

  #flush() {
    this.#tellBot("here");
    // It is the same bot over a new connection, so it may have done what it could not answer.
    this.#giveUp(this.#takeSent(), BROKEN);
    for (const command of this.#held.take()) {
      this.#send(command);
    }
  }

  /** The bot is still in the room, so it will notice as well and offer again. */
  #lose() {
    this.#drop();
    this.#tellBot("connecting");
  }

  #expire() {
    this.#giveUp(this.#held.expire(this.#clock.now()), NEVER_CAME);
  }

  /**
   * @param {Command[]} commands
   * @param {string} text
   * @returns {boolean}
   */
  #giveUp(commands, text) {
    if (commands.length === 0) {
      return false;
    }
    this.#tell({ type: "unanswered", ids: commands.map(({ id }) => id), text });
    if (this.#bot === null && this.#held.size === 0) {
      this.#tellBot("absent");
    }
    return true;
  }

  #drop() {
    this.#present.abort();
    this.#present = new AbortController();
    if (this.#listener) {
      this.#listener.close();
      this.#listener = null;
      this.#tell({ type: "sound", stream: null });
    }
  }

  /** @param {Bot} bot */
  #tellBot(bot) {
    this.#tell({ type: "bot", bot });
  }

  /** @param {RoomEvent} detail */
  #tell(detail) {
    this.dispatchEvent(new CustomEvent("event", { detail }));
  }
}

export { BROKEN, CONNECTING, GONE, Jukebox, NEVER_CAME, SUMMONING, TOO_MANY };
