/**
 * The bar below the tiles, and the link to the room.
 *
 * Events: `turn` (detail: kind, on), `choose` (detail: kind, id), `share`, `copy`, `leave`.
 */

import { setIcon, setName, setText } from "../dom.js";

/** @import { Kind } from "../problems.js" */
/** @import { Choices, State } from "../state.js" */

/** @typedef {Kind | "speaker"} Chosen */

/**
 * @typedef {{
 *   title: HTMLElement,
 *   toggles: Record<Kind, HTMLButtonElement>,
 *   selects: Record<Chosen, HTMLSelectElement>,
 *   speaker: HTMLElement,
 *   share: HTMLButtonElement,
 *   copy: HTMLButtonElement,
 *   leave: HTMLButtonElement,
 * }} Elements
 */

/** @type {Record<Kind, { on: string, off: string }>} what a click does, by what is the case */
const NAMES = {
  microphone: { on: "Mute microphone", off: "Unmute microphone" },
  camera: { on: "Turn camera off", off: "Turn camera on" },
};

/** @type {readonly Kind[]} */
const KINDS = ["microphone", "camera"];

/** @type {readonly Chosen[]} */
const CHOSEN = [...KINDS, "speaker"];

class ControlsView extends EventTarget {
  #elements;
  #canShare;
  #canChooseSpeaker;
  #entered = false;
  /** @type {Record<Kind, boolean>} */
  #on = { microphone: false, camera: false };

  /**
   * @param {Elements} elements
   * @param {{ share: boolean, chooseSpeaker: boolean }} can what the browser is able to do
   */
  constructor(elements, can) {
    super();
    this.#elements = elements;
    this.#canShare = can.share;
    this.#canChooseSpeaker = can.chooseSpeaker;
    for (const kind of KINDS) {
      elements.toggles[kind].addEventListener("click", () =>
        this.#tell("turn", { kind, on: !this.#on[kind] }),
      );
    }
    for (const kind of CHOSEN) {
      const select = elements.selects[kind];
      select.addEventListener("change", () => this.#tell("choose", { kind, id: select.value }));
    }
    elements.share.addEventListener("click", () => this.#tell("share"));
    elements.copy.addEventListener("click", () => this.#tell("copy"));
    elements.leave.addEventListener("click", () => this.#tell("leave"));
  }

  /** @param {State} state */
  render({ phase, room, devices }) {
    const { title, toggles, selects, speaker, share } = this.#elements;
    setText(title, room?.name ?? "");
    if (phase === "room" && !this.#entered) {
      // The button that was pressed is gone; go on reading from the top of the room.
      title.focus();
    }
    this.#entered = phase === "room";
    for (const kind of KINDS) {
      this.#on[kind] = devices[kind].on;
      const { on, waiting, problem } = devices[kind];
      setName(toggles[kind], on ? NAMES[kind].on : NAMES[kind].off);
      setIcon(toggles[kind], on ? kind : `${kind}-off`);
      toggles[kind].classList.toggle("off", !on);
      toggles[kind].classList.toggle("waiting", waiting);
      toggles[kind].classList.toggle("failed", problem !== null);
    }
    for (const kind of CHOSEN) {
      fill(selects[kind], devices.choices[kind]);
    }
    speaker.hidden = !this.#canChooseSpeaker;
    share.hidden = !this.#canShare;
    setName(share, devices.screen ? "Stop sharing" : "Share screen");
    share.classList.toggle("active", devices.screen !== null);
  }

  /**
   * @param {string} type
   * @param {unknown} [detail]
   */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/**
 * @param {HTMLSelectElement} select
 * @param {Choices} choices
 */
function fill(select, { chosen, list }) {
  // An open list must not be rebuilt under the pointer for nothing.
  const shown = [...select.options].map(({ value, text }) => `${value} ${text}`).join("\n");
  if (shown !== list.map(({ id, label }) => `${id} ${label}`).join("\n")) {
    select.replaceChildren(...list.map(({ id, label }) => new Option(label, id)));
  }
  select.value = chosen;
  select.disabled = list.length === 0;
}

export { ControlsView };
