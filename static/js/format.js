/** How numbers and names are written. */

/**
 * Write a time as a clock does.
 *
 * @param {number} seconds
 * @returns {string} "3:07", or "1:02:03" from an hour on
 */
function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const rest = String(whole % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/**
 * Write a number with its noun: "1 listener", "12 listeners".
 *
 * @param {number} number
 * @param {string} noun
 * @returns {string}
 */
function count(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/**
 * @param {string} name
 * @returns {string} the first letters of the first and the last word, "?" for no name
 */
function initials(name) {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const ends = words.length > 1 ? [words.at(0), words.at(-1)] : words;
  return ends.map((word) => firstLetter(word ?? "").toLocaleUpperCase()).join("") || "?";
}

/**
 * The first character as people see it, which may be several code points.
 *
 * @param {string} word
 * @returns {string}
 */
function firstLetter(word) {
  const [first] = new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(word);
  return first?.segment ?? "";
}

/**
 * A number from 0 to 359 that is always the same for a text, to give people a colour.
 *
 * @param {string} text
 * @returns {number}
 */
function hue(text) {
  let sum = 0;
  for (const letter of text) {
    sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 360;
  }
  return sum;
}

/**
 * Hold a number between two others.
 *
 * @param {number} value
 * @param {number} least
 * @param {number} most
 * @returns {number}
 */
function clamp(value, least, most) {
  return Math.min(Math.max(value, least), most);
}

export { clamp, clock, count, hue, initials };
