/** How long to wait before trying again. */

const FIRST_DELAY = 0.5;
/** Seconds. */

const MAX_DELAY = 20;
/** Seconds. */

/**
 * Each delay is about twice the one before. Half of it is by chance, so that the pages of a
 * server that restarts do not all come back in the same moment.
 *
 * @param {number} attempt counted from 0
 * @param {() => number} random
 * @returns {number} seconds
 */
function delayBefore(attempt, random) {
  const longest = Math.min(FIRST_DELAY * 2 ** attempt, MAX_DELAY);
  return longest * (0.5 + 0.5 * random());
}

export { MAX_DELAY, delayBefore };
