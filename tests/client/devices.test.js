import assert from "node:assert/strict";
import { test } from "node:test";

import { DeviceList } from "../../static/js/devicelist.js";
import { Devices } from "../../static/js/devices.js";
import { FakeStream, FakeTrack, as, settle } from "./support/fakes.js";

/**
 * @param {string} name
 * @returns {Error}
 */
function refusal(name) {
  return Object.assign(new Error(name), { name });
}

/** The browser's devices: what is asked for is kept, and answered when the test says so. */
class FakeMedia extends EventTarget {
  /** @type {{ asked: any, give: (stream: FakeStream) => void, refuse: (error: Error) => void }[]} */
  requests = [];
  /** @type {any[]} */
  list = [];

  /** @param {any} asked */
  getUserMedia(asked) {
    return new Promise((give, refuse) => this.requests.push({ asked, give, refuse }));
  }

  async enumerateDevices() {
    return this.list;
  }

  /** @returns {string[]} kinds of the latest request */
  get asked() {
    const { audio, video } = this.requests.at(-1)?.asked ?? {};
    return [...(audio ? ["microphone"] : []), ...(video ? ["camera"] : [])];
  }

  /**
   * @param {...FakeTrack} tracks
   * @returns {Promise<FakeTrack[]>}
   */
  async give(...tracks) {
    this.requests.at(-1)?.give(new FakeStream(tracks));
    await settle();
    return tracks;
  }

  /** @param {string} name */
  async refuse(name) {
    this.requests.at(-1)?.refuse(refusal(name));
    await settle();
  }
}

/** @param {Record<string, string>} [states] of the permissions */
function make(states = {}) {
  const media = new FakeMedia();
  const permissions = {
    /** @param {{ name: string }} query */
    query: async ({ name }) => ({ state: states[name] ?? "prompt" }),
  };
  const devices = new Devices({
    media: as(media),
    permissions: as(permissions),
    list: new DeviceList(as(media)),
    chosen: { microphone: "", camera: "cam-of-last-time", speaker: "" },
  });
  return { devices, media };
}

const microphone = () => new FakeTrack("audio");
const camera = () => new FakeTrack("video");

/** @param {Devices} devices */
function summary(devices) {
  const { microphone: sound, camera: picture } = devices.snapshot;
  return [sound, picture].map(({ on, waiting, problem, track }) =>
    [on && "on", waiting && "waiting", problem, track && "track"].filter(Boolean).join(" "),
  );
}

test("both devices are asked for with one question", async () => {
  const { devices, media } = make();
  devices.start(["microphone", "camera"]);
  assert.deepEqual(summary(devices), ["on waiting", "on waiting"]);
  await media.give(microphone(), camera());

  assert.equal(media.requests.length, 1);
  assert.deepEqual(summary(devices), ["on track", "on track"]);
});

test("a question that nobody answers keeps nobody waiting", async () => {
  const { devices, media } = make();
  devices.start(["microphone", "camera"]);
  await settle();
  devices.release();

  assert.deepEqual(summary(devices), ["", ""]);
  const late = await media.give(microphone(), camera());
  assert.deepEqual(
    late.map(({ readyState }) => readyState),
    ["ended", "ended"],
  );
  assert.deepEqual(summary(devices), ["", ""]);
});

test("where one does not exist, each is asked for alone", async () => {
  const { devices, media } = make();
  devices.start(["microphone", "camera"]);
  await media.refuse("NotFoundError");
  assert.deepEqual(media.asked, ["microphone"]);
  await media.give(microphone());
  assert.deepEqual(media.asked, ["camera"]);
  await media.refuse("NotFoundError");

  assert.deepEqual(summary(devices), ["on track", "NotFoundError"]);
});

test("who says no is not asked again for each", async () => {
  const { devices, media } = make({ microphone: "denied", camera: "denied" });
  devices.start(["microphone", "camera"]);
  await media.refuse("NotAllowedError");

  assert.equal(media.requests.length, 1);
  assert.deepEqual(summary(devices), ["NotAllowedError", "NotAllowedError"]);
});

test("where only one is forbidden, the other is asked for", async () => {
  const { devices, media } = make({ camera: "denied" });
  devices.start(["microphone", "camera"]);
  await media.refuse("NotAllowedError");
  await media.give(microphone());
  await media.refuse("NotAllowedError");

  assert.deepEqual(summary(devices), ["on track", "NotAllowedError"]);
});

test("a page without https has no devices, and says so", async () => {
  const devices = new Devices({
    media: undefined,
    permissions: undefined,
    list: new DeviceList(undefined),
    chosen: { microphone: "", camera: "", speaker: "" },
  });
  await devices.start(["microphone", "camera"]);

  assert.deepEqual(summary(devices), ["SecurityError", "SecurityError"]);
});

test("a muted microphone stays open, a camera that is off does not", async () => {
  const { devices, media } = make();
  devices.start(["microphone", "camera"]);
  const [sound, picture] = await media.give(microphone(), camera());
  devices.turn("microphone", false);
  devices.turn("camera", false);

  assert.deepEqual([sound?.readyState, sound?.enabled], ["live", false]);
  assert.equal(picture?.readyState, "ended");
  assert.deepEqual(summary(devices), ["track", ""]);
  devices.turn("microphone", true);
  assert.equal(sound?.enabled, true);
});

test("a camera that is turned on again is asked for alone", async () => {
  const { devices, media } = make();
  devices.turn("camera", true);
  assert.deepEqual(media.asked, ["camera"]);
  await media.give(camera());

  assert.deepEqual(summary(devices), ["", "on track"]);
});

test("another microphone does not un-mute", async () => {
  const { devices, media } = make();
  devices.start(["microphone"]);
  const [old] = await media.give(microphone());
  devices.turn("microphone", false);
  devices.choose("microphone", "other");
  const [next] = await media.give(new FakeTrack("audio", "other"));

  assert.deepEqual(media.requests.at(-1)?.asked.audio, { deviceId: { exact: "other" } });
  assert.equal(old?.readyState, "ended");
  assert.equal(next?.enabled, false);
  assert.deepEqual(summary(devices), ["track", ""]);
});

test("choosing twice in haste does not un-mute either, and only the last is kept", async () => {
  const { devices, media } = make();
  devices.start(["microphone"]);
  await media.give(microphone());
  devices.turn("microphone", false);
  devices.choose("microphone", "second");
  devices.choose("microphone", "third");
  const [, second, third] = media.requests;
  const late = new FakeTrack("audio", "second");
  third?.give(new FakeStream([new FakeTrack("audio", "third")]));
  second?.give(new FakeStream([late]));
  await settle();

  assert.equal(late.readyState, "ended");
  assert.equal(devices.snapshot.microphone.on, false);
  assert.equal(devices.snapshot.microphone.track?.enabled, false);
});

test("un-muting while another microphone starts is remembered", async () => {
  const { devices, media } = make();
  devices.start(["microphone"]);
  await media.give(microphone());
  devices.turn("microphone", false);
  devices.choose("microphone", "other");
  devices.turn("microphone", true);
  assert.equal(media.requests.length, 2);
  const [track] = await media.give(new FakeTrack("audio", "other"));

  assert.equal(track?.enabled, true);
});

test("choosing a camera while it is off starts none", async () => {
  const { devices, media } = make();
  devices.choose("camera", "other");
  assert.equal(media.requests.length, 0);
  devices.turn("camera", true);

  assert.deepEqual(media.requests[0]?.asked.video.deviceId, { exact: "other" });
});

test("a device of last time is a wish, since it may be gone", () => {
  const { devices, media } = make();
  devices.turn("camera", true);

  assert.deepEqual(media.requests[0]?.asked.video.deviceId, { ideal: "cam-of-last-time" });
});

test("a camera that is turned off while it starts is released when it comes", async () => {
  const { devices, media } = make();
  devices.turn("camera", true);
  devices.turn("camera", false);
  const [track] = await media.give(camera());

  assert.equal(track?.readyState, "ended");
  assert.deepEqual(summary(devices), ["", ""]);
});

test("a microphone that is muted while it starts comes muted", async () => {
  const { devices, media } = make();
  devices.start(["microphone"]);
  devices.turn("microphone", false);
  const [track] = await media.give(microphone());

  assert.equal(track?.enabled, false);
  assert.deepEqual(summary(devices), ["track", ""]);
});

test("when a device is unplugged, another that needs no question takes its place", async () => {
  const { devices, media } = make({ microphone: "granted" });
  devices.start(["microphone"]);
  const [old] = await media.give(microphone());
  devices.turn("microphone", false);
  old?.end();
  await settle();
  assert.deepEqual(media.asked, ["microphone"]);
  const [next] = await media.give(microphone());

  assert.equal(next?.enabled, false);
});

test("when a permission is taken back, nobody is asked", async () => {
  const { devices, media } = make({ camera: "denied" });
  devices.start(["camera"]);
  const [track] = await media.give(camera());
  track?.end();
  await settle();

  assert.equal(media.requests.length, 1);
  assert.deepEqual(summary(devices), ["", "Ended"]);
});

test("a device that was released does not count as unplugged", async () => {
  const { devices, media } = make({ camera: "granted" });
  devices.start(["camera"]);
  const [track] = await media.give(camera());
  devices.release();
  track?.end();
  await settle();

  assert.equal(media.requests.length, 1);
  assert.deepEqual(summary(devices), ["", ""]);
});

test("released devices can be started again", async () => {
  const { devices, media } = make();
  devices.start(["microphone", "camera"]);
  const tracks = await media.give(microphone(), camera());
  devices.release();
  assert.ok(tracks.every(({ readyState }) => readyState === "ended"));
  devices.start(["microphone", "camera"]);
  await media.give(microphone(), camera());

  assert.deepEqual(summary(devices), ["on track", "on track"]);
});

test("devices that are on are not asked for again", async () => {
  const { devices, media } = make();
  devices.start(["microphone", "camera"]);
  await media.give(microphone(), camera());
  await devices.start(["microphone", "camera"]);

  assert.equal(media.requests.length, 1);
});

test("only what is granted starts without a question", async () => {
  const { devices } = make({ microphone: "granted" });

  assert.equal(await devices.mayStartUnasked(["microphone"]), true);
  assert.equal(await devices.mayStartUnasked(["microphone", "camera"]), false);
});

test("lists have names for all, and show the device that is open", async () => {
  const { devices, media } = make();
  media.list = [
    { kind: "audioinput", deviceId: "", label: "" },
    { kind: "videoinput", deviceId: "one", label: "" },
    { kind: "videoinput", deviceId: "two", label: "Front" },
    { kind: "audiooutput", deviceId: "loud", label: "Loud" },
  ];
  devices.start(["camera"]);
  await media.give(new FakeTrack("video", "two"));
  const { choices } = devices.snapshot;

  assert.deepEqual(choices.camera, {
    chosen: "two",
    list: [
      { id: "one", label: "Camera 1" },
      { id: "two", label: "Front" },
    ],
  });
  assert.deepEqual(choices.microphone, { chosen: "", list: [] });
  assert.equal(choices.speaker.chosen, "loud");
});

test("lists follow what is plugged in", async () => {
  const { devices, media } = make();
  media.list = [{ kind: "audiooutput", deviceId: "new", label: "New" }];
  media.dispatchEvent(new Event("devicechange"));
  await settle();
  assert.equal(devices.snapshot.choices.speaker.list.length, 1);
  devices.chooseSpeaker("gone");

  assert.equal(devices.snapshot.choices.speaker.chosen, "new");
});
