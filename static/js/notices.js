/**
 * Which notices are shown, and for how long.
 *
 * Events: `show` and, for news, `over` some seconds later (detail of both: the notice).
 */

/** @import { Clock } from "./clock.js" */
/** @import { Notice } from "./state.js" */

const NEWS_TIME = 4;
/** Seconds that a notice stays which asks for nothing. */

class Notices extends EventTarget {
  #clock;
  #news = new AbortController();
  #knownProblem = "";

  /** @param {Clock} clock */
  constructor(clock) {
    super();
    this.#clock = clock;
  }

  /** @param {Notice} notice */
  show(notice) {
    this.#news.abort();
    this.#news = new AbortController();
    this.#tell("show", notice);
    if (notice.tone === "news") {
      this.#clock.after(NEWS_TIME, () => this.#tell("over", notice), this.#news.signal);
    }
  }

  /**
   * Take what is wrong with the devices. The same is not shown twice, even if it was all right
   * meanwhile.
   *
   * @param {string} text empty if nothing is wrong
   * @param {boolean} elsewhere whether the page has another place for it
   */
  showProblem(text, elsewhere) {
    const known = text === "" || text === this.#knownProblem;
    if (known) {
      return;
    }
    this.#knownProblem = text;
    if (!elsewhere) {
      this.show({ text, tone: "problem" });
    }
  }

  /** Somebody tries again, and wants to hear again why it does not work. */
  forgetProblem() {
    this.#knownProblem = "";
  }

  /**
   * @param {"show" | "over"} type
   * @param {Notice} detail
   */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

export { NEWS_TIME, Notices };
