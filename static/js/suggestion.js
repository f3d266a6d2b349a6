/** A name for a new room that nobody else is likely to be in. */

const FIRST = ["amber", "calm", "clear", "golden", "green", "quiet", "silver", "velvet", "warm"];
const SECOND = [
  "cello",
  "harbor",
  "lantern",
  "meadow",
  "opal",
  "piano",
  "river",
  "violet",
  "willow",
];

/**
 * @param {() => number} random
 * @returns {string} such as "quiet-river-4821"
 */
function suggestRoom(random) {
  const number = 1000 + Math.floor(random() * 9000);
  return `${pick(FIRST, random)}-${pick(SECOND, random)}-${number}`;
}

/**
 * @param {readonly string[]} words
 * @param {() => number} random
 * @returns {string}
 */
function pick(words, random) {
  return words[Math.floor(random() * words.length)] ?? "";
}

export { suggestRoom };
