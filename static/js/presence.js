/** Who is in the room, and what is known of them: the part of the state that peers change. */

import { withNote } from "./chatlog.js";

/** @import { Peer, Welcome } from "./protocol.js" */
/** @import { Contact, State } from "./state.js" */

/** @type {Contact} */
const STRANGER = { link: "connecting", media: null, audio: null, video: null };

/**
 * @param {State} state
 * @returns {readonly Peer[]} the people besides oneself, without bots and remote controls
 */
function otherPeople(state) {
  return state.peers.filter(({ kind, id }) => kind === "person" && id !== state.self?.id);
}

/**
 * @param {State} state
 * @param {string} id
 * @returns {Contact}
 */
function contactOf(state, id) {
  return state.contacts[id] ?? STRANGER;
}

/**
 * The room as it is. After a lost connection it may be the same one again, so what is known of
 * those who stayed is kept.
 *
 * @param {State} state
 * @param {Welcome} welcome
 * @returns {State}
 */
function withWelcome(state, { self, room, peers }) {
  const kept = peers.flatMap(({ id }) => {
    const contact = state.contacts[id];
    return contact ? [[id, contact]] : [];
  });
  return {
    ...state,
    phase: "room",
    connection: { status: "online" },
    self,
    room,
    peers,
    contacts: Object.fromEntries(kept),
  };
}

/**
 * @param {State} state
 * @param {Peer} peer new, or changed
 * @returns {State}
 */
function withPeer(state, peer) {
  if (peer.id === state.self?.id) {
    return { ...state, self: peer };
  }
  const known = state.peers.some(({ id }) => id === peer.id);
  return {
    ...state,
    peers: known
      ? state.peers.map((other) => (other.id === peer.id ? peer : other))
      : [...state.peers, peer],
  };
}

/**
 * @param {State} state
 * @param {{ peer: string }} event
 * @param {number} at
 * @returns {State}
 */
function withoutPeer(state, { peer: gone }, at) {
  const peer = state.peers.find(({ id }) => id === gone);
  const { [gone]: forgotten, ...contacts } = state.contacts;
  const left = { ...state, contacts, peers: state.peers.filter((other) => other !== peer) };
  return peer?.kind === "person" ? withNote(left, `${peer.name} left.`, at) : left;
}

/**
 * @param {State} state
 * @param {string} id
 * @param {Partial<Contact>} news
 * @returns {State}
 */
function withContact(state, id, news) {
  const contact = { ...contactOf(state, id), ...news };
  return { ...state, contacts: { ...state.contacts, [id]: contact } };
}

export { contactOf, otherPeople, withContact, withPeer, withWelcome, withoutPeer };
