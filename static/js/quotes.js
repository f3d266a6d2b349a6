/** Finds what the bot quotes: titles and what people typed, which may be in any language. */

/** @typedef {{ text: string, quoted: boolean }} Piece */

/** A quotation may hold others, but those hold none. */
const QUOTATION = /(?<=“)(?:[^“”]|“[^“”]*”)+(?=”)/gu;

/**
 * Split a line into what is quoted and what is not; together the pieces are the line again.
 *
 * @param {string} line
 * @returns {Piece[]} the quotation marks belong to what is around them
 */
function quotes(line) {
  /** @type {Piece[]} */
  const pieces = [];
  let end = 0;
  for (const { 0: text, index } of line.matchAll(QUOTATION)) {
    pieces.push({ text: line.slice(end, index), quoted: false }, { text, quoted: true });
    end = index + text.length;
  }
  return [...pieces, { text: line.slice(end), quoted: false }].filter(({ text }) => text !== "");
}

export { quotes };
