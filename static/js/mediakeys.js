/** The music in the system's media controls: headset buttons, lock screen, keyboard keys. */

/** @import { Music } from "./music.js" */

/** @type {[MediaSessionAction, string][]} */
const COMMANDS = [
  ["play", "!resume"],
  ["pause", "!pause"],
  ["nexttrack", "!skip"],
];

class MediaKeys {
  #session;
  #command;
  /** @type {string | null} */
  #shown = null;

  /**
   * @param {MediaSession | undefined} session absent in some browsers
   * @param {(text: string) => void} command
   */
  constructor(session, command) {
    this.#session = session;
    this.#command = command;
  }

  /** @param {Music} music */
  render({ state, track }) {
    const session = this.#session;
    if (!session) {
      return;
    }
    session.playbackState = playbackState(state);
    const shown = track && `${track.id} ${track.title}`;
    if (shown === this.#shown) {
      return;
    }
    this.#shown = shown;
    session.metadata =
      track && new MediaMetadata({ title: track.title, artist: `for ${track.requester}` });
    for (const [action, text] of COMMANDS) {
      session.setActionHandler(action, track && (() => this.#command(text)));
    }
  }
}

/**
 * @param {Music["state"]} state
 * @returns {MediaSessionPlaybackState}
 */
function playbackState(state) {
  switch (state) {
    case "playing":
    case "loading":
      return "playing";
    case "paused":
      return "paused";
    case "idle":
      return "none";
  }
}

export { MediaKeys };
