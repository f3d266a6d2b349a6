import assert from "node:assert/strict";
import { test } from "node:test";

import { parts, safeLink } from "../../static/js/links.js";

/**
 * @param {string} line
 * @returns {string[]}
 */
function hrefs(line) {
  return parts(line).flatMap(({ href }) => href ?? []);
}

test("links are found between words", () => {
  assert.deepEqual(parts("see https://a.example/x?y=1#z now"), [
    { text: "see ", href: null },
    { text: "https://a.example/x?y=1#z", href: "https://a.example/x?y=1#z" },
    { text: " now", href: null },
  ]);
});

for (const [line, link] of [
  ["https://a.example/x.", "https://a.example/x"],
  ["(https://a.example/x)", "https://a.example/x"],
  ["https://a.example/x_(y)", "https://a.example/x_(y)"],
  ["(see https://a.example/x_(y)).", "https://a.example/x_(y)"],
  ["“https://a.example/x”, he said", "https://a.example/x%E2%80%9D"],
  ["HTTP://A.example/", "http://a.example/"],
  ["<https://a.example/x>", "https://a.example/x"],
]) {
  test(`the link in ${line}`, () => {
    assert.deepEqual(hrefs(`${line}`), [link]);
  });
}

test("nothing else is a link", () => {
  for (const line of [
    "javascript:alert(1)",
    "ftp://a.example",
    "https://",
    "//a.example",
    "",
    "x",
  ]) {
    assert.deepEqual(hrefs(line), []);
  }
});

test("together the parts are the line again", () => {
  for (const line of ["", "a https://b.example, c", "https:// https://a.example)))", "\n x \n"]) {
    const whole = parts(line)
      .map(({ text }) => text)
      .join("");
    assert.equal(whole, line);
  }
});

test("only http and https are safe to click", () => {
  const texts = ["https://a.example", "javascript:alert(1)", "data:text/html,x", "/r/x", "", null];

  assert.deepEqual(texts.map(safeLink), ["https://a.example/", null, null, null, null, null]);
});
