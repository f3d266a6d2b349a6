/**
 * The chat, and on narrow pages the choice between it and the music.
 *
 * Events: `say` (detail: text), `pane` (detail: which).
 */

import { instantiate, part, setText } from "../dom.js";
import { parts } from "../links.js";
import { quotes } from "../quotes.js";

/** @import { Line } from "../chatlog.js" */
/** @import { Pane, State } from "../state.js" */

/**
 * @typedef {{
 *   side: HTMLElement,
 *   show: Record<Pane, HTMLButtonElement>,
 *   unread: HTMLElement,
 *   noLines: HTMLElement,
 *   lines: HTMLElement,
 *   form: HTMLFormElement,
 *   text: HTMLInputElement,
 *   template: HTMLTemplateElement,
 * }} Elements
 */

/** @type {readonly Pane[]} */
const PANES = ["music", "chat"];

const NEAR_END = 60;
/** Pixels from the end within which new lines are followed. */

const MAX_UNREAD = 99;

class ChatView extends EventTarget {
  #elements;
  /** @type {Map<string, { line: Line, element: HTMLElement }>} by key */
  #shown = new Map();
  /** Whether the end is in sight, so that it has to stay there. */
  #follows = true;

  /** @param {Elements} elements */
  constructor(elements) {
    super();
    this.#elements = elements;
    elements.form.addEventListener("submit", (event) => this.#submit(event));
    for (const pane of PANES) {
      elements.show[pane].addEventListener("click", () => this.#tell("pane", pane));
    }
    elements.lines.addEventListener("scroll", () => this.#noteWhere());
    // The music above grows, a phone's keyboard opens, the chat is shown again.
    new ResizeObserver(() => this.#follow()).observe(elements.lines);
  }

  /** @param {State} state */
  render({ lines, pane, unread }) {
    const { side, show } = this.#elements;
    side.dataset["pane"] = pane;
    for (const each of PANES) {
      show[each].ariaPressed = String(each === pane);
    }
    this.#elements.unread.hidden = unread === 0;
    setText(this.#elements.unread, unread > MAX_UNREAD ? `${MAX_UNREAD}+` : String(unread));
    this.#renderLines(lines);
  }

  /** @param {readonly Line[]} lines */
  #renderLines(lines) {
    this.#elements.noLines.hidden = lines.length > 0;
    const keys = new Set(lines.map(({ key }) => key));
    for (const [key, { element }] of this.#shown) {
      if (!keys.has(key)) {
        element.remove();
        this.#shown.delete(key);
      }
    }
    for (const line of lines) {
      this.#renderLine(line);
    }
    this.#follow();
  }

  #noteWhere() {
    const { scrollHeight, scrollTop, clientHeight } = this.#elements.lines;
    // While it is not shown it has no height, and forgets where it was.
    if (clientHeight > 0) {
      this.#follows = scrollHeight - scrollTop - clientHeight < NEAR_END;
    }
  }

  #follow() {
    if (this.#follows) {
      const { lines } = this.#elements;
      lines.scrollTop = lines.scrollHeight;
    }
  }

  /** @param {Line} line */
  #renderLine(line) {
    const known = this.#shown.get(line.key);
    if (known?.line === line) {
      return;
    }
    const element = known?.element ?? instantiate(this.#elements.template);
    this.#shown.set(line.key, { line, element });
    fill(element, line);
    if (!known) {
      this.#elements.lines.append(element);
    }
  }

  /** @param {SubmitEvent} event */
  #submit(event) {
    event.preventDefault();
    const { text } = this.#elements;
    const value = text.value.trim();
    if (value !== "") {
      text.value = "";
      // Who speaks wants to see it, wherever they were reading.
      this.#follows = true;
      this.#tell("say", value);
    }
  }

  /**
   * @param {string} type
   * @param {string} detail
   */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/**
 * @param {HTMLElement} element
 * @param {Line} line
 */
function fill(element, { voice, author, text, at, pending, failed }) {
  element.className = `line line-${voice}`;
  element.classList.toggle("pending", pending);
  element.classList.toggle("failed", failed);
  const date = new Date(at);
  const time = part(element, "time", HTMLTimeElement);
  time.dateTime = date.toISOString();
  setText(time, date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
  setText(part(element, ".line-author", HTMLElement), author);
  const shown = part(element, ".line-text", HTMLElement);
  // What the page and the bot say is English, even where it begins with a name that is not.
  shown.dir = voice === "note" || voice === "bot" ? "ltr" : "auto";
  const pieces = voice === "bot" ? quotes(text) : [{ text, quoted: false }];
  shown.replaceChildren(
    ...pieces.flatMap((piece) => (piece.quoted ? [isolated(piece.text)] : withLinks(piece.text))),
  );
}

/**
 * @param {string} text
 * @returns {HTMLElement} a title that is written from the right leaves what follows in its place
 */
function isolated(text) {
  const element = document.createElement("bdi");
  element.append(...withLinks(text));
  return element;
}

/**
 * @param {string} text
 * @returns {(string | HTMLElement)[]}
 */
function withLinks(text) {
  return parts(text).map((piece) =>
    piece.href === null ? piece.text : link(piece.text, piece.href),
  );
}

/**
 * @param {string} text
 * @param {string} href
 * @returns {HTMLAnchorElement}
 */
function link(text, href) {
  const anchor = document.createElement("a");
  anchor.textContent = text;
  anchor.href = href;
  anchor.target = "_blank";
  anchor.rel = "noopener noreferrer";
  return anchor;
}

export { ChatView };
