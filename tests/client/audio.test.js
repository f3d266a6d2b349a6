import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { AudioOutput } from "../../static/js/audio.js";
import { gain } from "../../static/js/volume.js";
import { FakeStream, FakeTrack, as, record, settle } from "./support/fakes.js";

mock.method(console, "warn", () => {});
globalThis.MediaStream = as(FakeStream);

class FakeElement {
  /** @type {any} */
  srcObject = null;
  volume = 1;
  sink = "";
  plays = 0;
  refuses = "";

  async play() {
    this.plays += 1;
    if (this.refuses !== "") {
      throw Object.assign(new Error(this.refuses), { name: this.refuses });
    }
  }

  pause() {}

  /** @param {string} id */
  async setSinkId(id) {
    this.sink = id;
  }
}

function make() {
  const music = new FakeElement();
  /** @type {FakeElement[]} */
  const voices = [];
  const audio = new AudioOutput(as(music), () => {
    const element = new FakeElement();
    voices.push(element);
    return as(element);
  });
  return { audio, music, voices, told: record(audio, "change") };
}

/**
 * @param {...[string, FakeTrack]} entries
 * @returns {Map<string, MediaStreamTrack>}
 */
function voicesOf(...entries) {
  return as(new Map(entries));
}

const MUSIC = as(new FakeStream([new FakeTrack("audio")]));

test("what plays already is not begun again", () => {
  const { audio, music, voices } = make();
  const track = new FakeTrack("audio");
  audio.play(MUSIC, voicesOf(["a", track]));
  audio.play(MUSIC, voicesOf(["a", track]));

  assert.equal(music.srcObject, MUSIC);
  assert.deepEqual([music.plays, voices.length, voices[0]?.plays], [1, 1, 1]);
});

test("each person has a voice of their own, which ends with them", () => {
  const { audio, voices } = make();
  const [first, second] = [new FakeTrack("audio"), new FakeTrack("audio")];
  audio.play(null, voicesOf(["a", first], ["b", second]));
  audio.play(null, voicesOf(["b", second]));

  assert.equal(voices[0]?.srcObject, null);
  assert.deepEqual(voices[1]?.srcObject.getTracks(), [second]);
});

test("a person's new track replaces the old one", () => {
  const { audio, voices } = make();
  const next = new FakeTrack("audio");
  audio.play(null, voicesOf(["a", new FakeTrack("audio")]));
  audio.play(null, voicesOf(["a", next]));

  assert.equal(voices.length, 1);
  assert.deepEqual(voices[0]?.srcObject.getTracks(), [next]);
});

test("a refusal is a state, which a click ends", async () => {
  const { audio, music, told } = make();
  music.refuses = "NotAllowedError";
  audio.play(MUSIC, voicesOf());
  await settle();
  assert.equal(audio.mustClick, true);
  music.refuses = "";
  audio.retry();
  await settle();

  assert.equal(audio.mustClick, false);
  assert.equal(told.length, 2);
});

test("what was interrupted was not refused", async () => {
  const { audio, music, told } = make();
  music.refuses = "AbortError";
  audio.play(MUSIC, voicesOf());
  await settle();

  assert.deepEqual([audio.mustClick, told], [false, []]);
});

test("a refused voice that leaves asks for no click any more", async () => {
  const { audio, voices } = make();
  const track = new FakeTrack("audio");
  audio.play(null, voicesOf(["a", track]));
  await settle();
  as(voices[0]).refuses = "NotAllowedError";
  audio.play(null, voicesOf(["a", new FakeTrack("audio")]));
  await settle();
  assert.equal(audio.mustClick, true);
  audio.play(null, voicesOf());

  assert.equal(audio.mustClick, false);
});

test("everything goes to the chosen speaker, also what comes later", async () => {
  const { audio, music, voices } = make();
  audio.play(MUSIC, voicesOf(["a", new FakeTrack("audio")]));
  audio.setSpeaker("loud");
  audio.play(MUSIC, voicesOf(["a", new FakeTrack("audio")], ["b", new FakeTrack("audio")]));
  await settle();

  assert.deepEqual(
    [music, ...voices].map(({ sink }) => sink),
    ["loud", "loud", "loud"],
  );
});

test("silence is not routed, since Chrome refuses that", async () => {
  const { audio, music } = make();
  audio.setSpeaker("loud");
  audio.unlock();
  await settle();

  assert.equal(music.sink, "");
});

test("the volume is that of the music, from nothing to full", () => {
  const { audio, music } = make();
  const volumes = [0, 50, 100].map((percent) => {
    audio.setMusicVolume(percent);
    return music.volume;
  });

  assert.deepEqual(volumes, [0, gain(50), 1]);
});

test("each voice has a volume of its own", () => {
  const { audio, music, voices } = make();
  audio.play(MUSIC, voicesOf(["a", new FakeTrack("audio")], ["b", new FakeTrack("audio")]));
  audio.setVoiceVolume("a", 50);
  audio.setVoiceVolume("nobody", 50);

  assert.deepEqual(
    [music, ...voices].map(({ volume }) => volume),
    [1, gain(50), 1],
  );
});

test("after the end nothing sounds, and the click of the next time unlocks again", async () => {
  const { audio, music, voices } = make();
  audio.unlock();
  audio.play(MUSIC, voicesOf(["a", new FakeTrack("audio")]));
  audio.stop();
  assert.deepEqual([music.srcObject, voices[0]?.srcObject], [null, null]);
  audio.unlock();

  assert.equal(music.plays, 3);
});
