/**
 * The page before a room is entered.
 *
 * Events: `join` (detail: room, name), `cancel`, `preview`, `use` (detail: kind, on).
 */

import { setText, showTrack } from "../dom.js";
import { deviceProblems } from "../problems.js";

/** @import { Kind } from "../problems.js" */
/** @import { State } from "../state.js" */

/**
 * @typedef {{
 *   lobby: HTMLElement,
 *   form: HTMLFormElement,
 *   room: HTMLInputElement,
 *   name: HTMLInputElement,
 *   join: HTMLButtonElement,
 *   switches: Record<Kind, HTMLInputElement>,
 *   preview: HTMLVideoElement,
 *   previewText: HTMLElement,
 *   previewStart: HTMLButtonElement,
 *   problems: HTMLElement,
 * }} Elements
 */

/** @type {readonly Kind[]} */
const KINDS = ["microphone", "camera"];

class LobbyView extends EventTarget {
  #elements;
  /** What the person wants. The switches show what that has come to. */
  #use;
  #joining = false;

  /**
   * @param {Elements} elements
   * @param {{ room: string, name: string, use: Record<Kind, boolean> }} values to begin with
   */
  constructor(elements, { room, name, use }) {
    super();
    this.#elements = elements;
    this.#use = { ...use };
    elements.room.value = room;
    elements.name.value = name;
    elements.form.addEventListener("submit", (event) => this.#submit(event));
    elements.previewStart.addEventListener("click", () => this.#tell("preview"));
    for (const kind of KINDS) {
      const input = elements.switches[kind];
      input.checked = use[kind];
      input.addEventListener("change", () => {
        this.#use[kind] = input.checked;
        this.#tell("use", { kind, on: input.checked });
      });
    }
  }

  /** @returns {readonly Kind[]} the devices that the person wants to use */
  get wanted() {
    return KINDS.filter((kind) => this.#use[kind]);
  }

  /** @param {State} state */
  render(state) {
    const { lobby, join, room, name } = this.#elements;
    this.#joining = state.phase === "joining";
    const shown = state.phase !== "room";
    if (shown && lobby.hidden) {
      lobby.hidden = false;
      join.focus();
    }
    lobby.hidden = !shown;
    setText(join, this.#joining ? "Cancel" : "Join");
    room.disabled = this.#joining;
    name.disabled = this.#joining;
    this.#renderSwitches(state);
    this.#renderPreview(state);
    this.#renderProblems(state);
  }

  /** @param {State} state */
  #renderSwitches({ devices }) {
    for (const kind of KINDS) {
      const refused = devices[kind].problem !== null;
      this.#elements.switches[kind].checked = this.#use[kind] && !refused;
    }
  }

  /** @param {State} state */
  #renderPreview({ phase, devices: { microphone, camera } }) {
    const { preview, previewText, previewStart } = this.#elements;
    const track = phase === "room" ? null : camera.track;
    showTrack(preview, track);
    preview.hidden = track === null;
    const waiting = microphone.waiting || camera.waiting;
    const started = waiting || microphone.on || camera.on;
    previewStart.hidden = started || this.wanted.length === 0;
    previewText.hidden = track !== null;
    const failed = microphone.problem !== null || camera.problem !== null;
    setText(previewStart, failed ? "Try again" : "Try them now");
    setText(previewText, this.#hint({ waiting, started, failed }));
  }

  /**
   * @param {{ waiting: boolean, started: boolean, failed: boolean }} devices
   * @returns {string}
   */
  #hint({ waiting, started, failed }) {
    if (waiting) {
      return "Your browser asks whether this page may use them. You can join without an answer.";
    }
    if (this.wanted.length === 0) {
      return "You will join without camera and microphone.";
    }
    if (started) {
      return "Your camera is off.";
    }
    return failed
      ? "You can join without camera and microphone."
      : "Camera and microphone start when you join.";
  }

  /** @param {State} state */
  #renderProblems({ devices }) {
    const { problems, previewStart } = this.#elements;
    const texts = deviceProblems(devices, previewStart.hidden ? "turn" : "press");
    if (problems.textContent !== texts.join("")) {
      problems.replaceChildren(...texts.map(paragraph));
    }
  }

  /** @param {SubmitEvent} event */
  #submit(event) {
    event.preventDefault();
    if (this.#joining) {
      this.#tell("cancel");
      return;
    }
    const { room, name } = this.#elements;
    const values = { room: room.value.trim(), name: name.value.trim() };
    // Blanks satisfy `required`.
    const blank = values.room === "" ? room : name;
    if (values.room === "" || values.name === "") {
      blank.value = "";
      blank.reportValidity();
    } else {
      this.#tell("join", values);
    }
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
 * @param {string} text
 * @returns {HTMLParagraphElement}
 */
function paragraph(text) {
  const element = document.createElement("p");
  element.textContent = text;
  return element;
}

export { LobbyView };
