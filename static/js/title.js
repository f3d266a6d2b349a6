/** The title of the page, which is what tabs and histories show of it. */

/** @import { State } from "./state.js" */

/**
 * @param {Pick<State, "phase" | "room" | "music">} state
 * @returns {string}
 */
function titleOf({ phase, room, music: { bot, state, track } }) {
  if (phase !== "room") {
    return "Irisa";
  }
  const playing = bot === "here" && state === "playing" && track ? [`♪ ${track.title}`] : [];
  return [...playing, room?.name, "Irisa"].join(" · ");
}

export { titleOf };
