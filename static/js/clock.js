/** The page's clock, so that tests can bring their own. */

/**
 * @typedef {{
 *   now: () => number,
 *   after: (seconds: number, callback: () => void, signal: AbortSignal) => void,
 * }} Clock
 *   `now` is in seconds and never goes back; `after` does nothing once the signal is aborted
 */

/** @type {Clock} */
const systemClock = {
  now: () => performance.now() / 1000,

  after(seconds, callback, signal) {
    if (signal.aborted) {
      return;
    }
    const cancel = () => clearTimeout(timer);
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", cancel);
      callback();
    }, seconds * 1000);
    signal.addEventListener("abort", cancel, { once: true });
  },
};

export { systemClock };
