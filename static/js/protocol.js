/**
 * The messages of the signaling server, version 1; see signaling/PROTOCOL.md.
 */

import {
  decodeAs,
  either,
  flag,
  listOf,
  number,
  oneOf,
  orAbsent,
  orNull,
  record,
  shape,
  text,
} from "./shapes.js";

/** @import { Guarded } from "./shapes.js" */

const peer = shape({
  id: text,
  name: text,
  kind: oneOf("person", "bot", "control"),
  role: oneOf("host", "guest"),
});

const room = shape({ name: text, locked: flag });

const iceServer = shape({
  urls: either(text, listOf(text)),
  username: orAbsent(text),
  credential: orAbsent(text),
});

const SERVER_MESSAGES = {
  welcome: shape({
    type: oneOf("welcome"),
    version: number,
    self: peer,
    room,
    peers: listOf(peer),
    ice: listOf(iceServer),
    resume: orNull(text),
  }),
  "peer-joined": shape({ type: oneOf("peer-joined"), peer }),
  "peer-left": shape({ type: oneOf("peer-left"), peer: text, reason: text }),
  "peer-changed": shape({ type: oneOf("peer-changed"), peer }),
  "room-changed": shape({ type: oneOf("room-changed"), room }),
  signal: shape({
    type: oneOf("signal"),
    from: text,
    description: orAbsent(shape({ type: oneOf("offer", "answer"), sdp: text })),
    candidate: orAbsent(orNull(record)),
  }),
  error: shape({ type: oneOf("error"), code: text, message: text }),
};

/** @typedef {Guarded<typeof peer>} Peer */
/** @typedef {Guarded<typeof room>} Room */
/** @typedef {Guarded<(typeof SERVER_MESSAGES)["welcome"]>} Welcome */
/** @typedef {Guarded<(typeof SERVER_MESSAGES)["signal"]>} IncomingSignal */
/** @typedef {Guarded<(typeof SERVER_MESSAGES)[keyof typeof SERVER_MESSAGES]>} ServerMessage */

/**
 * What two peers tell each other to connect: one of the two fields.
 *
 * @typedef {{
 *   description?: { type: "offer" | "answer", sdp: string } | undefined,
 *   candidate?: RTCIceCandidateInit | null | undefined,
 * }} Signal
 */

/**
 * @typedef {{
 *   type: "join",
 *   room: string,
 *   name: string,
 *   kind: "person",
 *   password: string | null,
 *   token: null,
 *   resume: string | null,
 * }} Join
 * @typedef {{ type: "signal", to: string } & Signal} OutgoingSignal
 * @typedef {Join | OutgoingSignal | { type: "summon" } | { type: "leave" }} ClientMessage
 */

/**
 * @param {unknown} data
 * @returns {ServerMessage | null} null for what this page does not know, which it ignores
 */
function decode(data) {
  return decodeAs(SERVER_MESSAGES, data);
}

/**
 * @param {ClientMessage} message
 * @returns {string}
 */
function encode(message) {
  return JSON.stringify(message);
}

export { SERVER_MESSAGES, decode, encode };
