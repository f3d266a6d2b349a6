import assert from "node:assert/strict";
import { test } from "node:test";

import { SILENCE } from "../../../static/js/music.js";
import { INITIAL } from "../../../static/js/state.js";
import { MusicView } from "../../../static/js/views/music.js";
import { FakeElement, page } from "../support/elements.js";
import { as, record } from "../support/fakes.js";

/** @import { Music } from "../../../static/js/music.js" */

const TRACK = { id: 1, title: "T", link: null, requester: "Ann", duration: 30, live: false };

/** @type {Music} */
const QUIET = { ...SILENCE, bot: "here" };

/** @type {Music} */
const PLAYING = { ...QUIET, state: "playing", track: TRACK };

function make() {
  const [pause, skip, demo] = [new FakeElement(), new FakeElement(), new FakeElement()];
  const names = ["label", "bars", "title", "details", "progress", "elapsed", "total"];
  const others = [...names, "volume", "silenceText", "form", "text"];
  const elements = {
    ...Object.fromEntries(others.map((name) => [name, new FakeElement()])),
    ...{ pause, skip, demo },
    playing: new FakeElement(pause, skip),
    silence: new FakeElement(demo),
  };
  const view = new MusicView(as(elements), 100);
  /** @type {(music: Music) => void} */
  const show = (music) => view.render({ ...INITIAL, music }, 0);
  /** @type {Record<string, FakeElement>} */
  const found = elements;
  return { ...elements, found, show, commands: record(view, "command") };
}

test("the focus goes from the demo to the pause button when the music begins", () => {
  const { demo, pause, show } = make();
  show(QUIET);
  demo.focus();
  show({ ...QUIET, bot: "connecting" });
  assert.equal(page.activeElement, demo);
  show(PLAYING);

  assert.equal(page.activeElement, pause);
});

test("the focus goes from the buttons to the field when the music ends", () => {
  for (const name of ["pause", "skip"]) {
    const { found, show } = make();
    show(PLAYING);
    found[name]?.focus();
    show(QUIET);

    assert.equal(page.activeElement, found["text"], name);
  }
});

test("a focus that is elsewhere stays there", () => {
  const { found, show } = make();
  found["volume"]?.focus();
  show(PLAYING);
  show(QUIET);

  assert.equal(page.activeElement, found["volume"]);
});

test("a button without effect is not disabled, so that it keeps the focus, but commands nothing", () => {
  const { commands, demo, pause, show, skip } = make();
  show({ ...PLAYING, state: "loading" });
  pause.click();
  skip.click();
  show({ ...PLAYING, state: "paused" });
  pause.click();
  show({ ...SILENCE, bot: "summoned" });
  demo.click();
  show(QUIET);
  demo.click();

  assert.deepEqual(commands, ["!skip", "!resume", "!demo"]);
  assert.ok([pause, skip, demo].every(({ disabled }) => !disabled));
});

test("while the bot cannot be reached the track stays, dimmed, and takes no commands", () => {
  const { commands, found, pause, playing, show, silence, skip } = make();
  show(PLAYING);
  show({ ...PLAYING, bot: "connecting" });
  pause.click();
  skip.click();

  assert.deepEqual([playing.hidden, silence.hidden, commands], [false, true, []]);
  assert.equal(playing.classList.contains("stale"), true);
  assert.equal(found["bars"]?.classList.contains("moving"), false);
  assert.equal(found["label"]?.textContent, "Reconnecting…");
});
