import assert from "node:assert/strict";
import { test } from "node:test";

import { sessionId, withStereoAndNack } from "../../static/js/sdp.js";

/**
 * @param {...string} lines
 * @returns {string}
 */
function sdp(...lines) {
  return ["v=0", "o=- 4611 2 IN IP4 127.0.0.1", "s=-", ...lines, ""].join("\r\n");
}

/**
 * @param {string} mid
 * @param {...string} lines
 * @returns {string[]}
 */
function opus(mid, ...lines) {
  return ["m=audio 9 UDP/TLS/RTP/SAVPF 96", `a=mid:${mid}`, "a=rtpmap:96 opus/48000/2", ...lines];
}

const MONO = "a=fmtp:96 minptime=10;useinbandfec=1";

for (const [what, offered, answered, expected] of [
  ["stereo is answered where it is sent", "sprop-stereo=1", MONO, `${MONO};stereo=1`],
  ["any order and blanks will do", "x=1; sprop-stereo=1 ;y=2", MONO, `${MONO};stereo=1`],
  ["receiving stereo is not sending it", "stereo=1", MONO, MONO],
  ["another parameter that ends alike is another", "x-sprop-stereo=1", MONO, MONO],
  ["zero is no", "sprop-stereo=0", MONO, MONO],
  ["stereo is not asked for twice", "sprop-stereo=1", "a=fmtp:96 stereo=1", "a=fmtp:96 stereo=1"],
  ["a refusal is overruled", "sprop-stereo=1", "a=fmtp:96 stereo=0;x=1", "a=fmtp:96 x=1;stereo=1"],
  [
    "our own sprop-stereo stays",
    "sprop-stereo=1",
    "a=fmtp:96 sprop-stereo=1",
    "a=fmtp:96 sprop-stereo=1;stereo=1",
  ],
]) {
  test(`${what}`, () => {
    const answer = sdp(...opus("0", `${answered}`));
    const offer = sdp(...opus("0", `a=fmtp:96 ${offered}`));

    assert.equal(withStereoAndNack(answer, offer), sdp(...opus("0", `${expected}`)));
  });
}

test("an answer without parameters is given some", () => {
  const offer = sdp(...opus("0", "a=fmtp:96 sprop-stereo=1"));

  assert.equal(
    withStereoAndNack(sdp(...opus("0", "a=recvonly")), offer),
    sdp(...opus("0", "a=fmtp:96 stereo=1", "a=recvonly")),
  );
});

test("only the line that is offered in stereo is answered so", () => {
  const offer = sdp(...opus("0", "a=fmtp:96 sprop-stereo=1"), ...opus("1", MONO));
  const answer = sdp(...opus("0", MONO), ...opus("1", MONO));

  assert.equal(
    withStereoAndNack(answer, offer),
    sdp(...opus("0", `${MONO};stereo=1`), ...opus("1", MONO)),
  );
});

for (const [what, offered, answered, expected] of [
  ["NACK is kept where it is offered", ["a=rtcp-fb:96 nack"], [], ["a=rtcp-fb:96 nack"]],
  ["NACK for all payloads counts", ["a=rtcp-fb:* nack"], [], ["a=rtcp-fb:96 nack"]],
  ["NACK is not invented", [], [], []],
  ["picture loss is another thing", ["a=rtcp-fb:96 nack pli"], [], []],
  ["NACK is not doubled", ["a=rtcp-fb:96 nack"], ["a=rtcp-fb:96 nack"], ["a=rtcp-fb:96 nack"]],
]) {
  test(`${what}`, () => {
    const answer = sdp(...opus("0", ...(answered ?? [])));
    const offer = sdp(...opus("0", ...(offered ?? [])));

    assert.equal(withStereoAndNack(answer, offer), sdp(...opus("0", ...(expected ?? []))));
  });
}

test("other codecs and kinds stay as they are", () => {
  const lines = ["m=video 9 UDP/TLS/RTP/SAVPF 97", "a=mid:0", "a=rtpmap:97 VP8/90000"];
  const offer = sdp(...lines, "a=fmtp:97 sprop-stereo=1", "a=rtcp-fb:97 nack");

  assert.equal(withStereoAndNack(sdp(...lines), offer), sdp(...lines));
});

test("the session is known by its number, not by its version", () => {
  assert.equal(sessionId(sdp()), "4611");
  assert.equal(sessionId(sdp().replace("4611 2", "4611 3")), "4611");
  assert.equal(sessionId(""), "");
});
