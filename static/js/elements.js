/** The elements of the page, found once, each with its type. */

import { getElement } from "./dom.js";

/** @returns {import("./views/lobby.js").Elements} */
function lobbyElements() {
  return {
    lobby: getElement("lobby", HTMLElement),
    form: getElement("join-form", HTMLFormElement),
    room: getElement("room-name", HTMLInputElement),
    name: getElement("own-name", HTMLInputElement),
    join: getElement("join", HTMLButtonElement),
    switches: {
      microphone: getElement("use-microphone", HTMLInputElement),
      camera: getElement("use-camera", HTMLInputElement),
    },
    preview: getElement("preview", HTMLVideoElement),
    previewText: getElement("preview-text", HTMLElement),
    previewStart: getElement("preview-start", HTMLButtonElement),
    problems: getElement("device-problems", HTMLElement),
  };
}

/** @returns {import("./views/tiles.js").Elements} */
function tilesElements() {
  return {
    tiles: getElement("tiles", HTMLElement),
    alone: getElement("alone", HTMLElement),
    template: getElement("tile-template", HTMLTemplateElement),
  };
}

/** @returns {import("./views/controls.js").Elements} */
function controlsElements() {
  return {
    title: getElement("room-title", HTMLElement),
    toggles: {
      microphone: getElement("toggle-microphone", HTMLButtonElement),
      camera: getElement("toggle-camera", HTMLButtonElement),
    },
    selects: {
      microphone: getElement("choose-microphone", HTMLSelectElement),
      camera: getElement("choose-camera", HTMLSelectElement),
      speaker: getElement("choose-speaker", HTMLSelectElement),
    },
    speaker: getElement("speaker", HTMLElement),
    share: getElement("share-screen", HTMLButtonElement),
    copy: getElement("copy-link", HTMLButtonElement),
    leave: getElement("leave", HTMLButtonElement),
  };
}

/** @returns {import("./views/music.js").Elements} */
function musicElements() {
  return {
    playing: getElement("playing", HTMLElement),
    label: getElement("playing-label", HTMLElement),
    bars: getElement("bars", HTMLElement),
    title: getElement("track-link", HTMLAnchorElement),
    details: getElement("details", HTMLElement),
    progress: getElement("progress", HTMLElement),
    elapsed: getElement("elapsed", HTMLElement),
    total: getElement("total", HTMLElement),
    pause: getElement("pause", HTMLButtonElement),
    skip: getElement("skip", HTMLButtonElement),
    volume: getElement("music-volume", HTMLInputElement),
    silence: getElement("silence", HTMLElement),
    silenceText: getElement("silence-text", HTMLElement),
    demo: getElement("demo", HTMLButtonElement),
    form: getElement("add-form", HTMLFormElement),
    text: getElement("add-text", HTMLInputElement),
  };
}

/** @returns {import("./views/queue.js").Elements} */
function queueElements() {
  return {
    upcoming: getElement("upcoming", HTMLElement),
    queued: getElement("queued", HTMLElement),
    list: getElement("queue", HTMLOListElement),
    rest: getElement("queue-rest", HTMLElement),
    template: getElement("queue-template", HTMLTemplateElement),
  };
}

/** @returns {import("./views/chat.js").Elements} */
function chatElements() {
  return {
    side: getElement("side", HTMLElement),
    show: {
      music: getElement("show-music", HTMLButtonElement),
      chat: getElement("show-chat", HTMLButtonElement),
    },
    unread: getElement("unread", HTMLElement),
    noLines: getElement("no-lines", HTMLElement),
    lines: getElement("lines", HTMLElement),
    form: getElement("chat-form", HTMLFormElement),
    text: getElement("message", HTMLInputElement),
    template: getElement("line-template", HTMLTemplateElement),
  };
}

/** @returns {import("./views/status.js").Elements} */
function statusElements() {
  return {
    room: getElement("room", HTMLElement),
    status: getElement("status", HTMLElement),
    statusText: getElement("status-text", HTMLElement),
    statusSpoken: getElement("status-spoken", HTMLElement),
    retry: getElement("retry", HTMLButtonElement),
    notice: getElement("notice", HTMLElement),
    noticeText: getElement("notice-text", HTMLElement),
    dismiss: getElement("dismiss", HTMLButtonElement),
    listen: getElement("listen", HTMLButtonElement),
  };
}

export {
  chatElements,
  controlsElements,
  lobbyElements,
  musicElements,
  queueElements,
  statusElements,
  tilesElements,
};
