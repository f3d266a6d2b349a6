/** What the others are to see and hear of us. */

/** @import { Media } from "./channels.js" */
/** @import { Devices } from "./state.js" */

/**
 * @typedef {{
 *   stream: MediaStream,
 *   tracks: { audio: MediaStreamTrack | null, video: MediaStreamTrack | null },
 *   media: Media,
 * }} Outgoing
 */

/**
 * A shared screen takes the place of the camera.
 *
 * @param {Devices} devices
 * @param {MediaStream} stream that all tracks belong to, for the others' lip synchronisation
 * @returns {Outgoing}
 */
function outgoingOf({ microphone, camera, screen }, stream) {
  return {
    stream,
    tracks: { audio: microphone.track, video: screen ?? camera.track },
    media: {
      microphone: microphone.on && microphone.track !== null,
      camera: camera.track !== null,
      screen: screen !== null,
    },
  };
}

export { outgoingOf };
