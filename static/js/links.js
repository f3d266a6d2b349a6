/** Finds the links in what people write. */

/** @typedef {{ text: string, href: string | null }} Part */

const LINK = /https?:\/\/[^\s<>"]+/giu;

/**
 * Split a line into plain text and links; together the parts are the line again.
 *
 * @param {string} line
 * @returns {Part[]}
 */
function parts(line) {
  /** @type {Part[]} */
  const found = [];
  let end = 0;
  for (const match of line.matchAll(LINK)) {
    const text = withoutPunctuation(match[0]);
    const href = safeLink(text);
    if (href === null) {
      continue;
    }
    if (match.index > end) {
      found.push({ text: line.slice(end, match.index), href: null });
    }
    found.push({ text, href });
    end = match.index + text.length;
  }
  if (end < line.length) {
    found.push({ text: line.slice(end), href: null });
  }
  return found;
}

/**
 * @param {string | null | undefined} text
 * @returns {string | null} the address if it is one that a click may open
 */
function safeLink(text) {
  if (!text || !URL.canParse(text)) {
    return null;
  }
  const url = new URL(text);
  return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
}

/**
 * A full stop or a bracket after a link belongs to the sentence, unless the bracket was opened
 * inside the link.
 *
 * @param {string} link
 * @returns {string}
 */
function withoutPunctuation(link) {
  let text = link;
  while (/[.,;:!?'’)\]]$/u.test(text)) {
    if (text.endsWith(")") && text.split("(").length >= text.split(")").length) {
      break;
    }
    text = text.slice(0, -1);
  }
  return text;
}

export { parts, safeLink };
