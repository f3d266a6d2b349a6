/**
 * A tile for each person, laid out so that they are as large as can be.
 *
 * Events: `volume` (detail: peer, percent).
 */

import { instantiate, part, setName, setText, showTrack } from "../dom.js";
import { hue, initials } from "../format.js";
import { bestGrid } from "../layout.js";
import { contactOf, otherPeople, shownName } from "../presence.js";

/** @import { Peer } from "../protocol.js" */
/** @import { Contact, State } from "../state.js" */

const GAP = 8;
/** Pixels between tiles. */

/**
 * @typedef {{ tiles: HTMLElement, alone: HTMLElement, template: HTMLTemplateElement }} Elements
 *
 * @typedef {{
 *   id: string,
 *   name: string,
 *   shown: string,
 *   label: string,
 *   track: MediaStreamTrack | null,
 *   muted: boolean,
 *   mirrored: boolean,
 *   screen: boolean,
 *   hint: string,
 *   audible: boolean,
 *   host: boolean,
 * }} Picture
 *   what a tile shows
 */

class TilesView extends EventTarget {
  #elements;
  /** @type {Map<string, Tile>} by peer */
  #tiles = new Map();

  /** @param {Elements} elements */
  constructor(elements) {
    super();
    this.#elements = elements;
    new ResizeObserver(() => this.#arrange()).observe(elements.tiles);
  }

  /** @param {State} state */
  render(state) {
    const pictures = picturesOf(state);
    for (const [id, picture] of pictures) {
      this.#tile(id).render(picture);
    }
    for (const [id, tile] of this.#tiles) {
      if (!pictures.has(id)) {
        tile.remove();
        this.#tiles.delete(id);
      }
    }
    this.#elements.alone.hidden = pictures.size !== 1;
    this.#arrange();
  }

  /**
   * @param {string} id
   * @returns {Tile}
   */
  #tile(id) {
    const known = this.#tiles.get(id);
    if (known) {
      return known;
    }
    const tile = new Tile(instantiate(this.#elements.template));
    tile.volume.addEventListener("input", () => {
      const detail = { peer: id, percent: tile.volume.valueAsNumber };
      this.dispatchEvent(new CustomEvent("volume", { detail }));
    });
    this.#tiles.set(id, tile);
    this.#elements.tiles.append(tile.element);
    return tile;
  }

  #arrange() {
    const { clientWidth, clientHeight, style } = this.#elements.tiles;
    const { width } = bestGrid(this.#tiles.size, clientWidth, clientHeight, GAP);
    style.setProperty("--tile-width", `${width}px`);
  }
}

class Tile {
  #video;
  #initials;
  #name;
  #muted;
  #host;
  #state;
  #sound;

  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    this.#video = part(element, "video", HTMLVideoElement);
    this.#initials = part(element, ".tile-initials", HTMLElement);
    this.#name = part(element, ".tile-name", HTMLElement);
    this.#muted = part(element, ".tile-muted", HTMLElement);
    this.#host = part(element, ".tile-host", HTMLElement);
    this.#state = part(element, ".tile-state", HTMLElement);
    this.#sound = part(element, ".tile-volume", HTMLElement);
    this.volume = part(element, "input", HTMLInputElement);
    // In a template the attribute has no effect. The voice has an element of its own.
    this.#video.muted = true;
  }

  /** @param {Picture} picture */
  render({ id, name, shown, label, track, muted, mirrored, screen, hint, audible, host }) {
    this.element.ariaLabel = label;
    this.element.classList.toggle("screen", screen);
    this.element.style.setProperty("--hue", String(hue(id)));
    showTrack(this.#video, track);
    this.#video.hidden = track === null;
    this.#video.classList.toggle("mirrored", mirrored);
    // They stand behind the picture, which may take a moment to arrive.
    setText(this.#initials, initials(name));
    setText(this.#name, label);
    this.#muted.hidden = !muted;
    this.#host.hidden = !host;
    this.#state.hidden = hint === "";
    setText(this.#state, hint);
    this.#sound.hidden = !audible;
    setName(this.volume, `Volume of ${shown}`);
  }

  remove() {
    this.#video.srcObject = null;
    this.element.remove();
  }
}

/**
 * @param {State} state
 * @returns {Map<string, Picture>} by peer, oneself first
 */
function picturesOf(state) {
  /** @type {Map<string, Picture>} */
  const pictures = new Map();
  if (state.self) {
    pictures.set(state.self.id, ownPicture(state.self, state));
  }
  for (const peer of otherPeople(state)) {
    pictures.set(peer.id, pictureOf(peer, shownName(state, peer), contactOf(state, peer.id)));
  }
  return pictures;
}

/**
 * @param {Peer} self
 * @param {State} state
 * @returns {Picture}
 */
function ownPicture(self, state) {
  const { microphone, camera, screen } = state.devices;
  const shown = shownName(state, self);
  return {
    id: self.id,
    name: self.name,
    shown,
    label: `${shown} (you)`,
    track: screen ?? camera.track,
    muted: !microphone.on || microphone.track === null,
    // People know themselves from the mirror; but nobody can read a mirrored screen.
    mirrored: screen === null,
    screen: screen !== null,
    hint: screen === null ? "" : "You are sharing your screen",
    audible: false,
    host: self.role === "host",
  };
}

/**
 * @param {Peer} peer
 * @param {string} shown
 * @param {Contact} contact
 * @returns {Picture}
 */
function pictureOf(peer, shown, { link, media, video }) {
  const sendsVideo = media !== null && (media.camera || media.screen);
  return {
    id: peer.id,
    name: peer.name,
    shown,
    label: shown,
    track: sendsVideo ? video : null,
    muted: media !== null && !media.microphone,
    mirrored: false,
    screen: media?.screen ?? false,
    hint: HINTS[link],
    audible: true,
    host: peer.role === "host",
  };
}

/** @type {Record<Contact["link"], string>} */
const HINTS = { connecting: "Connecting…", connected: "", interrupted: "Reconnecting…" };

export { TilesView };
