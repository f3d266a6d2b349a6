/** Keeps the screen on during a call. */

class WakeLock {
  #navigator;
  #document;
  #wanted = new AbortController();
  /** @type {WakeLockSentinel | null} */
  #sentinel = null;

  /**
   * @param {Navigator} navigator
   * @param {Document} document
   */
  constructor(navigator, document) {
    this.#navigator = navigator;
    this.#document = document;
    this.#wanted.abort();
  }

  /** Keep the screen on from now on. */
  hold() {
    this.#wanted = new AbortController();
    // The browser lets go of it whenever the page is hidden.
    this.#document.addEventListener("visibilitychange", () => this.#request(), {
      signal: this.#wanted.signal,
    });
    this.#request();
  }

  /** Let the screen sleep again. */
  release() {
    this.#wanted.abort();
    this.#sentinel?.release().catch(() => {});
    this.#sentinel = null;
  }

  async #request() {
    const { signal } = this.#wanted;
    if (!("wakeLock" in this.#navigator) || this.#document.visibilityState !== "visible") {
      return;
    }
    try {
      const sentinel = await this.#navigator.wakeLock.request("screen");
      if (signal.aborted) {
        await sentinel.release();
      } else {
        this.#sentinel = sentinel;
      }
    } catch {
      // With a low battery it is refused. The call goes on with a darker screen.
    }
  }
}

export { WakeLock };
