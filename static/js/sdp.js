/**
 * The few things in a session description that have no API.
 *
 * Chrome and Safari decode Opus to mono unless their own description says `stereo=1` (RFC 7587, 6.1),
 * and Chrome leaves NACK for audio out of its answers.
 */

/**
 * Ask for what the offer has to give: both channels, and lost packets again.
 *
 * Only payload types whose offer says `sprop-stereo=1` become stereo. A voice forced to stereo
 * would sound worse, not better.
 *
 * @param {string} answer
 * @param {string} offer
 * @returns {string} the answer with stereo and NACK
 */
function withStereoAndNack(answer, offer) {
  const offered = new Map(sections(offer).map((section) => [mid(section), section]));
  return sections(answer)
    .map((section) => improve(section, offered.get(mid(section)) ?? []))
    .flat()
    .join("\r\n")
    .concat("\r\n");
}

/**
 * The number that stays the same as long as a connection lives (RFC 8829, 5.2.1).
 *
 * @param {string} sdp
 * @returns {string}
 */
function sessionId(sdp) {
  return /^o=\S+ (\S+)/mu.exec(sdp)?.[1] ?? "";
}

/**
 * @param {string[]} section of the answer
 * @param {string[]} offered the section of the offer with the same mid
 * @returns {string[]}
 */
function improve(section, offered) {
  let lines = section;
  for (const payload of opusPayloads(section)) {
    if (parameters(offered, payload).includes("sprop-stereo=1")) {
      lines = withParameter(lines, payload, "stereo=1");
    }
    if (hasNack(offered, payload) && !hasNack(lines, payload)) {
      lines = insertAfterMap(lines, payload, `a=rtcp-fb:${payload} nack`);
    }
  }
  return lines;
}

/**
 * @param {string} sdp
 * @returns {string[][]} the lines of the session, then those of each media section
 */
function sections(sdp) {
  /** @type {string[][]} */
  const found = [[]];
  for (const line of sdp.split(/\r?\n/u).filter(Boolean)) {
    if (line.startsWith("m=")) {
      found.push([]);
    }
    found.at(-1)?.push(line);
  }
  return found;
}

/**
 * @param {string[]} section
 * @returns {string | undefined}
 */
function mid(section) {
  return section.find((line) => line.startsWith("a=mid:"))?.slice("a=mid:".length);
}

/**
 * @param {string[]} section
 * @returns {string[]}
 */
function opusPayloads(section) {
  return section.flatMap((line) => /^a=rtpmap:(\d+) opus\/48000\/2$/iu.exec(line)?.[1] ?? []);
}

/**
 * Whole parameters, since "stereo=1" is also the end of "sprop-stereo=1".
 *
 * @param {string[]} section
 * @param {string} payload
 * @returns {string[]}
 */
function parameters(section, payload) {
  const start = `a=fmtp:${payload} `;
  const line = section.find((candidate) => candidate.startsWith(start)) ?? start;
  return line
    .slice(start.length)
    .split(";")
    .map((parameter) => parameter.trim())
    .filter(Boolean);
}

/**
 * @param {string[]} section
 * @param {string} payload
 * @param {string} parameter as name=value
 * @returns {string[]}
 */
function withParameter(section, payload, parameter) {
  const start = `a=fmtp:${payload} `;
  const name = parameter.slice(0, parameter.indexOf("=") + 1);
  const others = parameters(section, payload).filter((other) => !other.startsWith(name));
  const line = start + [...others, parameter].join(";");
  return section.some((candidate) => candidate.startsWith(start))
    ? section.map((candidate) => (candidate.startsWith(start) ? line : candidate))
    : insertAfterMap(section, payload, line);
}

/**
 * @param {string[]} section
 * @param {string} payload
 * @returns {boolean}
 */
function hasNack(section, payload) {
  return [payload, "*"].some((type) => section.includes(`a=rtcp-fb:${type} nack`));
}

/**
 * @param {string[]} section
 * @param {string} payload
 * @param {string} line
 * @returns {string[]}
 */
function insertAfterMap(section, payload, line) {
  return section.flatMap((other) =>
    other.startsWith(`a=rtpmap:${payload} `) ? [other, line] : [other],
  );
}

export { sessionId, withStereoAndNack };
