import assert from "node:assert/strict";
import { test } from "node:test";

import { INITIAL } from "../../../static/js/state.js";
import { LobbyView } from "../../../static/js/views/lobby.js";
import { FakeElement } from "../support/elements.js";
import { as, record } from "../support/fakes.js";

/** @import { Device } from "../../../static/js/state.js" */

const OFF = INITIAL.devices.camera;

function make() {
  const switches = { microphone: new FakeElement(), camera: new FakeElement() };
  const names = ["lobby", "form", "room", "name", "join", "preview", "previewText", "previewStart"];
  const elements = {
    ...Object.fromEntries([...names, "problems"].map((name) => [name, new FakeElement()])),
    switches,
  };
  const use = { microphone: true, camera: true };
  const view = new LobbyView(as(elements), { room: "r", name: "Ann", use });
  /** @type {(microphone: Partial<Device>, camera: Partial<Device>) => void} */
  const show = (microphone, camera) => {
    const devices = { microphone: { ...OFF, ...microphone }, camera: { ...OFF, ...camera } };
    view.render({ ...INITIAL, devices: { ...INITIAL.devices, ...devices } });
  };
  /** @type {Record<string, FakeElement>} */
  const found = as(elements);
  const told = () => found["problems"]?.inner.map(({ textContent }) => textContent).join("");
  const shown = () => [switches.microphone.checked, switches.camera.checked];
  return { found, show, shown, switches, told, uses: record(view, "use"), view };
}

test("the switch of a refused device is off, but the wish is kept for the next attempt", () => {
  const { found, show, shown, told, view } = make();
  show({}, {});
  assert.deepEqual(shown(), [true, true]);
  show({ problem: "NotAllowedError" }, { problem: "NotAllowedError" });

  assert.deepEqual(
    [shown(), view.wanted],
    [
      [false, false],
      ["microphone", "camera"],
    ],
  );
  assert.deepEqual(
    [found["previewStart"]?.hidden, found["previewStart"]?.textContent],
    [false, "Try again"],
  );
  assert.match(told() ?? "", /then press Try again\.$/u);
  show({ on: true }, { on: true });
  assert.deepEqual(shown(), [true, true]);
});

test("where one device works the other is turned on by its switch, as the text says", () => {
  const { found, show, shown, switches, told, uses } = make();
  show({ on: true }, { problem: "NotReadableError" });
  assert.deepEqual([shown(), found["previewStart"]?.hidden], [[true, false], true]);
  assert.match(told() ?? "", /then turn the camera on again\.$/u);
  switches.camera.checked = true;
  switches.camera.dispatchEvent(new Event("change"));

  assert.deepEqual(uses, [{ kind: "camera", on: true }]);
});
