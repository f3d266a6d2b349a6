/** Who is in the room, and what is known of them: the part of the state that peers change. */

import { withNote } from "./chatlog.js";
import { distinctNames } from "./names.js";

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
  return withNames({
    ...state,
    phase: "room",
    connection: { status: "online" },
    self,
    room,
    peers,
    contacts: Object.fromEntries(kept),
  });
}

/**
 * @param {State} state
 * @param {Peer} peer new, or changed
 * @returns {State}
 */
function withPeer(state, peer) {
  if (peer.id === state.self?.id) {
    return withNames({ ...state, self: peer });
  }
  const known = state.peers.some(({ id }) => id === peer.id);
  return withNames({
    ...state,
    peers: known
      ? state.peers.map((other) => (other.id === peer.id ? peer : other))
      : [...state.peers, peer],
  });
}

/**
 * @param {State} state
 * @param {{ peer: Peer }} event
 * @param {number} at
 * @returns {State}
 */
function withChanged(state, { peer }, at) {
  const own = peer.id === state.self?.id;
  const before = own ? state.self : state.peers.find(({ id }) => id === peer.id);
  const changed = withPeer(state, peer);
  if (peer.role !== "host" || before?.role === "host") {
    return changed;
  }
  const who = own ? "You are" : `${shownName(changed, peer)} is`;
  return withNote(changed, `${who} the host now.`, at);
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
  const peers = state.peers.filter((other) => other !== peer);
  const left = withNames({ ...state, contacts, peers });
  return peer?.kind === "person" ? withNote(left, `${shownName(state, peer)} left.`, at) : left;
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

/**
 * @param {State} state
 * @param {Peer} peer
 * @returns {string} what to call somebody, so that no two people are called the same
 */
function shownName({ names }, { id, name }) {
  return names[id]?.shown ?? name;
}

/**
 * @param {State} state
 * @returns {State} with a name to show for everybody who is there
 */
function withNames(state) {
  const people = state.peers.filter(({ kind }) => kind === "person");
  const all = state.self ? [...people, state.self] : people;
  return { ...state, names: distinctNames(state.names, all) };
}

export {
  contactOf,
  otherPeople,
  shownName,
  withChanged,
  withContact,
  withPeer,
  withWelcome,
  withoutPeer,
};
