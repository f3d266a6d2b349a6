/**
 * The composition root: finds the elements, makes the parts and joins them.
 *
 * Everything goes round in a circle: an event changes the state, the state is rendered, and what
 * people then do becomes an event, or a message to somebody.
 */

import { makeParts } from "./assembly.js";
import { AudioOutput } from "./audio.js";
import { systemClock } from "./clock.js";
import { DeviceList } from "./devicelist.js";
import { Devices } from "./devices.js";
import { getElement } from "./dom.js";
import {
  chatElements,
  controlsElements,
  lobbyElements,
  musicElements,
  queueElements,
  statusElements,
  tilesElements,
} from "./elements.js";
import { MediaKeys } from "./mediakeys.js";
import { Meeting } from "./meeting.js";
import { Notices } from "./notices.js";
import { outgoingOf } from "./outgoing.js";
import { deviceProblems } from "./problems.js";
import { Screen } from "./screen.js";
import { Settings } from "./settings.js";
import { Store } from "./store.js";
import { suggestRoom } from "./suggestion.js";
import { titleOf } from "./title.js";
import { ChatView } from "./views/chat.js";
import { ControlsView } from "./views/controls.js";
import { LobbyView } from "./views/lobby.js";
import { MusicView } from "./views/music.js";
import { QueueView } from "./views/queue.js";
import { StatusView } from "./views/status.js";
import { TilesView } from "./views/tiles.js";
import { WakeLock } from "./wakelock.js";

/** @import { Kind } from "./problems.js" */
/** @import { RoomEvent, State } from "./state.js" */

const TICK = 0.25;
/** Seconds between the steps of what moves by itself. */

/** @type {readonly Kind[]} */
const KINDS = ["microphone", "camera"];

const settings = new Settings(localStorage);
const store = new Store();
const notices = new Notices(systemClock);

const { mediaDevices: media, permissions } = navigator;
const deviceList = new DeviceList(media);
const devices = new Devices({ media, permissions, list: deviceList, chosen: settings.values });
const screen = new Screen(media);
const audio = new AudioOutput(getElement("music", HTMLAudioElement), () => new Audio());
const wakeLock = new WakeLock(navigator, document);
const mediaKeys = new MediaKeys(navigator.mediaSession, command);

const lobby = new LobbyView(lobbyElements(), {
  room: roomOfAddress() || settings.values.room || suggestRoom(Math.random),
  name: settings.values.name,
  use: { microphone: settings.values.useMicrophone, camera: settings.values.useCamera },
});
const tiles = new TilesView(tilesElements());
const controls = new ControlsView(controlsElements(), {
  share: screen.canBeShared,
  chooseSpeaker: "setSinkId" in HTMLMediaElement.prototype,
});
const music = new MusicView(musicElements(), settings.values.musicVolume);
const queue = new QueueView(queueElements());
const chat = new ChatView(chatElements());
const status = new StatusView(statusElements());

/** Ties the tracks that we send together, for the others' lip synchronisation. */
const voice = new MediaStream();

/** @type {Meeting | null} */
let meeting = null;

start();

function start() {
  store.addEventListener("change", () => render(store.state));
  followLobby();
  followControls();
  followMusicAndChat();
  followDevices();
  followBrowser();
  setInterval(tick, TICK * 1000);
  audio.setMusicVolume(settings.values.musicVolume);
  audio.setSpeaker(settings.values.speaker);
  render(store.state);
  preview();
}

/** @param {State} state */
function render(state) {
  const now = systemClock.now();
  status.render(state, now);
  lobby.render(state);
  tiles.render(state);
  controls.render(state);
  music.render(state, now);
  queue.render(state);
  chat.render(state);
  audio.play(state.sound, voicesOf(state));
  mediaKeys.render(state.music);
  document.title = titleOf(state);
}

/** Move what moves by itself: the position of the music, the seconds to the next attempt. */
function tick() {
  const { state } = store;
  const now = systemClock.now();
  if (state.music.state === "playing") {
    music.renderPosition(state.music, now);
  }
  if (state.connection.status === "waiting") {
    status.renderConnection(state, now);
  }
}

/**
 * @param {string} room
 * @param {string} name
 */
function join(room, name) {
  // This is a click, and the last one before music has to play.
  audio.unlock();
  settings.save({ room, name });
  history.replaceState(null, "", `/r/${encodeURIComponent(room)}`);
  store.apply({ type: "joining" });
  devices.start(lobby.wanted);
  wakeLock.hold();
  const outgoing = outgoingOf(store.state.devices, voice);
  meeting = new Meeting(room, name, (lines) => makeParts(lines, outgoing));
  on(meeting, "event", take);
  meeting.connect();
}

/** @param {RoomEvent} event */
function take(event) {
  store.apply(event);
  if (event.type === "left") {
    release();
  }
}

function leave() {
  if (meeting) {
    meeting.leave();
    take({ type: "left", notice: null });
  }
}

function release() {
  meeting = null;
  audio.stop();
  screen.stop();
  devices.release();
  wakeLock.release();
}

/** @param {string} text */
function command(text) {
  meeting?.command(text);
}

/** Show the camera in the lobby at once, if the browser does not have to ask for it. */
async function preview() {
  await deviceList.refresh();
  if (await devices.mayStartUnasked(lobby.wanted)) {
    await devices.start(lobby.wanted);
  }
}

function followLobby() {
  on(lobby, "join", ({ room, name }) => join(room, name));
  on(lobby, "cancel", leave);
  on(lobby, "preview", () => devices.start(lobby.wanted));
  on(lobby, "use", ({ kind, on: wanted }) => {
    settings.save(kind === "camera" ? { useCamera: wanted } : { useMicrophone: wanted });
    // Before anything was tried the switches only say what is to be.
    const tried = KINDS.some((each) => {
      const device = store.state.devices[each];
      return device.on || device.problem !== null;
    });
    if (tried || !wanted) {
      devices.turn(kind, wanted);
    }
  });
}

function followControls() {
  on(controls, "turn", ({ kind, on: wanted }) => {
    notices.forgetProblem();
    devices.turn(kind, wanted);
  });
  on(controls, "choose", ({ kind, id }) => choose(kind, id));
  on(controls, "share", () => (screen.track ? screen.stop() : screen.share()));
  on(controls, "copy", copyLink);
  on(controls, "leave", leave);
  on(status, "retry", () => meeting?.connect());
  on(status, "dismiss", () => store.apply({ type: "notice", notice: null }));
  on(status, "listen", () => audio.retry());
  on(notices, "show", (notice) => store.apply({ type: "notice", notice }));
  on(notices, "over", (notice) => {
    // The server may have had another meanwhile.
    if (store.state.notice === notice) {
      store.apply({ type: "notice", notice: null });
    }
  });
}

function followMusicAndChat() {
  on(music, "command", command);
  on(music, "volume", (percent) => {
    audio.setMusicVolume(percent);
    settings.save({ musicVolume: percent });
  });
  on(chat, "say", (text) => meeting?.say(text, Date.now()));
  on(chat, "pane", (pane) => store.apply({ type: "pane", pane }));
  on(tiles, "volume", ({ peer, percent }) => audio.setVoiceVolume(peer, percent));
  on(audio, "change", () => store.apply({ type: "playback", mustClick: audio.mustClick }));
}

function followDevices() {
  on(devices, "change", takeDevices);
  on(screen, "change", takeDevices);
}

function takeDevices() {
  const snapshot = { ...devices.snapshot, screen: screen.track };
  store.apply({ type: "devices", devices: snapshot });
  meeting?.update(outgoingOf(snapshot, voice));
  const inLobby = meeting === null;
  notices.showProblem(deviceProblems(snapshot).join(" "), inLobby);
}

function followBrowser() {
  // Unlike beforeunload it also comes when a phone puts the page away.
  on(window, "pagehide", leave);
  on(window, "online", () => meeting?.networkChanged());
  on(document, "visibilitychange", () => {
    if (document.visibilityState === "visible") {
      meeting?.connect();
    }
  });
}

/**
 * @param {Kind | "speaker"} kind
 * @param {string} id
 */
function choose(kind, id) {
  settings.save({ [kind]: id });
  if (kind === "speaker") {
    audio.setSpeaker(id);
    devices.chooseSpeaker(id);
  } else {
    devices.choose(kind, id);
  }
}

async function copyLink() {
  try {
    await navigator.clipboard.writeText(location.href);
    notices.show({ text: "The link is copied. Send it to whom you want to meet.", tone: "news" });
  } catch {
    // Without https, or without permission.
    notices.show({ text: `Copy this link: ${location.href}`, tone: "hint" });
  }
}

/**
 * @param {State} state
 * @returns {Map<string, MediaStreamTrack>} by peer
 */
function voicesOf({ contacts }) {
  return new Map(
    Object.entries(contacts).flatMap(([id, { audio: track }]) => (track ? [[id, track]] : [])),
  );
}

/** @returns {string} the room that the page was opened for, if any */
function roomOfAddress() {
  const [, room] = /^\/r\/([^/]+)\/?$/u.exec(location.pathname) ?? [];
  try {
    return decodeURIComponent(room ?? "");
  } catch {
    return "";
  }
}

/**
 * @param {EventTarget} target
 * @param {string} type
 * @param {(detail: any) => void} handle
 */
function on(target, type, handle) {
  target.addEventListener(type, (event) => handle(/** @type {CustomEvent} */ (event).detail));
}
