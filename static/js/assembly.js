/** Makes the parts of a meeting from what the browser offers. */

import { systemClock } from "./clock.js";
import { Jukebox } from "./jukebox.js";
import { Listener } from "./listener.js";
import { People } from "./people.js";
import { Person } from "./person.js";
import { Signaling } from "./signaling.js";

/** @import { Lines, Parts } from "./meeting.js" */
/** @import { Outgoing } from "./outgoing.js" */

/**
 * @param {Lines} lines of the meeting
 * @param {Outgoing} outgoing what is sent to everyone at first
 * @returns {Parts}
 */
function makeParts({ hello, ice, send, summon }, outgoing) {
  const clock = systemClock;
  const connect = () => new RTCPeerConnection({ iceServers: ice() });
  return {
    signaling: new Signaling({ openSocket: () => new WebSocket(socketAddress()), hello, clock }),
    people: new People({
      makePerson: (id, manners) =>
        new Person({ ...manners, connection: connect(), send: (signal) => send(id, signal) }),
      outgoing,
      clock,
    }),
    jukebox: new Jukebox({
      listen: (bot) => new Listener({ connection: connect(), send: (signal) => send(bot, signal) }),
      summon,
      clock,
    }),
  };
}

/** @returns {string} */
function socketAddress() {
  const url = new URL("/ws", location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

export { makeParts };
