/**
 * Everything that the page shows, and the one function that changes it.
 *
 * Rule 1: every change happens here; views only render.
 * Rule 2: nothing is performed here, and no clock is read: events carry their time.
 */

import { SILENCE } from "./music.js";
import { withChanged, withContact, withWelcome, withoutPeer } from "./presence.js";
import { serverProblem } from "./problems.js";
import { withBotIs, withHeld, withJoined, withMusic, withSaid, withUnanswered } from "./talk.js";

/** @import { Line } from "./chatlog.js" */
/** @import { BotMessage, Media } from "./channels.js" */
/** @import { Bot, Music } from "./music.js" */
/** @import { Names } from "./names.js" */
/** @import { Peer, Room, ServerMessage } from "./protocol.js" */

/**
 * @typedef {"connecting" | "connected" | "interrupted"} Link
 *   the connection with another person
 *
 * @typedef {{
 *   link: Link,
 *   media: Media | null,
 *   audio: MediaStreamTrack | null,
 *   video: MediaStreamTrack | null,
 * }} Contact
 *   what is known of another person beyond what the server tells
 *
 * @typedef {{
 *   on: boolean,
 *   waiting: boolean,
 *   problem: string | null,
 *   track: MediaStreamTrack | null,
 * }} Device
 *   `problem` is the name of the error that kept it from starting
 *
 * @typedef {{ id: string, label: string }} Choice
 * @typedef {{ chosen: string, list: readonly Choice[] }} Choices
 *
 * @typedef {{
 *   microphone: Device,
 *   camera: Device,
 *   screen: MediaStreamTrack | null,
 *   choices: { microphone: Choices, camera: Choices, speaker: Choices },
 * }} Devices
 *
 * @typedef {{ status: "connecting" | "online" } | { status: "waiting", until: number }} Connection
 *   with the signaling server; `until` in seconds of the page's clock
 *
 * @typedef {"music" | "chat"} Pane
 *   what a narrow page shows below the tiles
 *
 * @typedef {{ text: string, tone: "news" | "hint" | "problem" }} Notice
 *   news go by themselves, hints and problems stay until they are closed
 */

/**
 * @typedef {{
 *   phase: "lobby" | "joining" | "room",
 *   connection: Connection,
 *   self: Peer | null,
 *   room: Room | null,
 *   peers: readonly Peer[],
 *   names: Names,
 *   contacts: Readonly<Record<string, Contact>>,
 *   devices: Devices,
 *   lines: readonly Line[],
 *   serial: number,
 *   unread: number,
 *   music: Music,
 *   sound: MediaStream | null,
 *   pane: Pane,
 *   notice: Notice | null,
 *   mustClick: boolean,
 * }} State
 *   `serial` numbers the lines that have no id of their own; `sound` is the music itself
 */

/**
 * @typedef {ServerMessage
 *   | { type: "joining" }
 *   | { type: "connecting" }
 *   | { type: "waiting", until: number }
 *   | { type: "left", notice: Notice | null }
 *   | { type: "link", peer: string, link: Link }
 *   | { type: "track", peer: string, track: MediaStreamTrack }
 *   | { type: "media", peer: string, media: Media }
 *   | { type: "said", peer: string, id: string | number, text: string }
 *   | { type: "bot", bot: Bot }
 *   | { type: "held", id: number, text: string }
 *   | { type: "unanswered", ids: readonly number[], text: string }
 *   | { type: "music", message: BotMessage, now: number }
 *   | { type: "sound", stream: MediaStream | null }
 *   | { type: "devices", devices: Devices }
 *   | { type: "playback", mustClick: boolean }
 *   | { type: "pane", pane: Pane }
 *   | { type: "notice", notice: Notice | null }
 * } RoomEvent
 *   what happens: news of the server, of the connections and devices, and clicks
 */

/**
 * @template {RoomEvent["type"]} T
 * @typedef {Extract<RoomEvent, { type: T }>} EventOf
 */

/** @type {Device} */
const DEVICE_OFF = { on: false, waiting: false, problem: null, track: null };

/** @type {Choices} */
const NO_CHOICES = { chosen: "", list: [] };

/** @type {State} */
const INITIAL = {
  phase: "lobby",
  connection: { status: "connecting" },
  self: null,
  room: null,
  peers: [],
  names: {},
  contacts: {},
  devices: {
    microphone: DEVICE_OFF,
    camera: DEVICE_OFF,
    screen: null,
    choices: { microphone: NO_CHOICES, camera: NO_CHOICES, speaker: NO_CHOICES },
  },
  lines: [],
  serial: 0,
  unread: 0,
  music: SILENCE,
  sound: null,
  pane: "music",
  notice: null,
  mustClick: false,
};

/**
 * A function for every type of event; tsc reports one that is missing.
 *
 * @type {{ [T in RoomEvent["type"]]: (state: State, event: EventOf<T>, at: number) => State }}
 */
const REDUCERS = {
  joining: ({ devices }) => ({ ...INITIAL, devices, phase: "joining" }),
  left: ({ devices }, { notice }) => ({ ...INITIAL, devices, notice }),
  connecting: (state) => ({ ...state, connection: { status: "connecting" } }),
  waiting: (state, { until }) => ({ ...state, connection: { status: "waiting", until } }),
  error: (state, { code, message }) => ({
    ...state,
    notice: { text: serverProblem(code, message), tone: "problem" },
  }),
  notice: (state, { notice }) => ({ ...state, notice }),

  welcome: withWelcome,
  "room-changed": (state, { room }) => ({ ...state, room }),
  "peer-joined": withJoined,
  "peer-changed": withChanged,
  "peer-left": withoutPeer,
  signal: (state) => state,

  link: (state, { peer, link }) => withContact(state, peer, { link }),
  track: (state, { peer, track }) => withContact(state, peer, { [track.kind]: track }),
  media: (state, { peer, media }) => withContact(state, peer, { media }),

  said: withSaid,
  held: withHeld,
  unanswered: withUnanswered,
  bot: withBotIs,
  music: withMusic,
  sound: (state, { stream }) => ({ ...state, sound: stream }),

  devices: (state, { devices }) => ({ ...state, devices }),
  playback: (state, { mustClick }) => ({ ...state, mustClick }),
  pane: (state, { pane }) => ({ ...state, pane, unread: pane === "chat" ? 0 : state.unread }),
};

/**
 * @param {State} state
 * @param {RoomEvent} event
 * @param {number} at unix time in milliseconds
 * @returns {State}
 */
function reduce(state, event, at) {
  // tsc cannot follow that the function found by a type takes the event of that type.
  const step = /** @type {(state: State, event: RoomEvent, at: number) => State} */ (
    REDUCERS[event.type]
  );
  return step(state, event, at);
}

export { INITIAL, REDUCERS, reduce };
