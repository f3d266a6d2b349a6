/**
 * The music panel, but for the queue.
 *
 * Events: `command` (detail: text), `volume` (detail: percent).
 */

import { setIcon, setName, setText } from "../dom.js";
import { clock } from "../format.js";
import { safeLink } from "../links.js";
import { positionAt } from "../music.js";

/** @import { Music } from "../music.js" */
/** @import { State } from "../state.js" */

/**
 * @typedef {{
 *   playing: HTMLElement,
 *   label: HTMLElement,
 *   bars: HTMLElement,
 *   title: HTMLAnchorElement,
 *   details: HTMLElement,
 *   progress: HTMLElement,
 *   elapsed: HTMLElement,
 *   total: HTMLElement,
 *   pause: HTMLButtonElement,
 *   skip: HTMLButtonElement,
 *   volume: HTMLInputElement,
 *   silence: HTMLElement,
 *   silenceText: HTMLElement,
 *   demo: HTMLButtonElement,
 *   form: HTMLFormElement,
 *   text: HTMLInputElement,
 * }} Elements
 */

/** @type {Record<Music["state"], string>} */
const LABELS = { idle: "", loading: "Loading…", playing: "Now playing", paused: "Paused" };

/** @type {Record<Music["loop"], string>} */
const LOOPS = { off: "", track: "repeats", queue: "the queue repeats" };

/** @type {Record<Music["bot"], string>} */
const SILENCES = {
  absent: "It is quiet. Add a song, and the music bot brings it to everybody here.",
  summoned: "Bringing the music bot…",
  connecting: "Connecting to the music bot…",
  here: "It is quiet. What shall we listen to?",
};

class MusicView extends EventTarget {
  #elements;
  #paused = false;

  /**
   * @param {Elements} elements
   * @param {number} volume in percent
   */
  constructor(elements, volume) {
    super();
    this.#elements = elements;
    const { pause, skip, demo, form } = elements;
    this.#follow(pause, () => (this.#paused ? "!resume" : "!pause"));
    this.#follow(skip, () => "!skip");
    this.#follow(demo, () => "!demo");
    form.addEventListener("submit", (event) => this.#add(event));
    elements.volume.value = String(volume);
    elements.volume.addEventListener("input", () => {
      const detail = elements.volume.valueAsNumber;
      this.dispatchEvent(new CustomEvent("volume", { detail }));
    });
  }

  /**
   * @param {State} state
   * @param {number} now in seconds of the page's clock
   */
  render({ music }, now) {
    const { silence, silenceText, demo } = this.#elements;
    const coming = music.bot === "summoned" || music.bot === "connecting";
    this.#showPart(music.track !== null);
    silence.classList.toggle("busy", coming);
    setText(silenceText, SILENCES[music.bot]);
    disable(demo, coming);
    if (music.track) {
      this.#renderTrack(music, now);
    }
  }

  /** @param {boolean} sounds whether there is a track to show */
  #showPart(sounds) {
    const { playing, silence, pause, text } = this.#elements;
    const [going, next] = sounds ? [silence, pause] : [playing, text];
    const focused = going.contains(document.activeElement);
    playing.hidden = !sounds;
    silence.hidden = sounds;
    if (focused) {
      // Else the keyboard would be back at the top of the page.
      next.focus();
    }
  }

  /**
   * @param {Music} music
   * @param {number} now
   */
  #renderTrack(music, now) {
    const { playing, label, bars, title, details } = this.#elements;
    const { state, track } = music;
    const here = music.bot === "here";
    playing.classList.toggle("stale", !here);
    setText(label, here ? LABELS[state] : "Reconnecting…");
    bars.classList.toggle("moving", here && state === "playing");
    setText(title, track?.title || "Untitled");
    const link = safeLink(track?.link);
    title.toggleAttribute("href", link !== null);
    if (link !== null && title.getAttribute("href") !== link) {
      title.href = link;
    }
    setText(details, describe(music));
    this.#renderButtons(music);
    this.renderPosition(music, now);
  }

  /** @param {Music} music */
  #renderButtons({ bot, state }) {
    const { pause, skip } = this.#elements;
    this.#paused = state === "paused";
    setName(pause, this.#paused ? "Resume" : "Pause");
    setIcon(pause, this.#paused ? "play" : "pause");
    disable(pause, bot !== "here" || (state !== "playing" && state !== "paused"));
    disable(skip, bot !== "here" || state === "idle");
  }

  /**
   * Move the progress bar; called more often than anything else changes.
   *
   * @param {Music} music
   * @param {number} now
   */
  renderPosition(music, now) {
    const { progress, elapsed, total } = this.#elements;
    const { duration } = music;
    const position = positionAt(music, now);
    const fraction = duration === null ? 1 : position / Math.max(duration, 1e-3);
    progress.classList.toggle("endless", duration === null);
    progress.style.setProperty("--fraction", fraction.toFixed(5));
    progress.ariaValueMin = "0";
    progress.ariaValueMax = String(duration ?? position);
    progress.ariaValueNow = position.toFixed(2);
    const [soFar, length] = [clock(position), duration === null ? "live" : clock(duration)];
    progress.ariaValueText = duration === null ? `${soFar}, live` : `${soFar} of ${length}`;
    setText(elapsed, soFar);
    setText(total, length);
  }

  /** @param {SubmitEvent} event */
  #add(event) {
    event.preventDefault();
    const { text } = this.#elements;
    const value = text.value.trim();
    if (value !== "") {
      // Who knows the commands may type them here too.
      this.#command(value.startsWith("!") ? value : `!play ${value}`);
      text.value = "";
    }
  }

  /**
   * @param {HTMLButtonElement} button
   * @param {() => string} command
   */
  #follow(button, command) {
    button.addEventListener("click", () => {
      if (button.ariaDisabled !== "true") {
        this.#command(command());
      }
    });
  }

  /** @param {string} detail */
  #command(detail) {
    this.dispatchEvent(new CustomEvent("command", { detail }));
  }
}

/**
 * Show that a button has no effect. Unlike one that is `disabled` it keeps the focus.
 *
 * @param {HTMLButtonElement} button
 * @param {boolean} disabled
 */
function disable(button, disabled) {
  button.ariaDisabled = String(disabled);
}

/**
 * @param {Music} music
 * @returns {string} what is worth knowing of the track and of how it is played
 */
function describe({ track, loop, volume }) {
  const facts = [
    track?.requester && `Asked for by ${track.requester}`,
    LOOPS[loop],
    volume !== 100 && `at ${volume} %`,
  ];
  return facts.filter(Boolean).join(" · ");
}

export { MusicView };
