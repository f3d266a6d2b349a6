/** Which cameras, microphones and speakers there are. Events: `change`. */

/** @import { Choice, Choices } from "./state.js" */

class DeviceList extends EventTarget {
  #media;
  /** @type {readonly MediaDeviceInfo[]} */
  #list = [];

  /** @param {MediaDevices | undefined} media absent on pages without https */
  constructor(media) {
    super();
    this.#media = media;
    media?.addEventListener("devicechange", () => this.refresh());
  }

  /** Look again; names are told only once a device has been opened. */
  async refresh() {
    try {
      this.#list = (await this.#media?.enumerateDevices()) ?? [];
      this.dispatchEvent(new Event("change"));
    } catch (error) {
      // The list stays as it is.
      console.warn("The devices cannot be listed:", error);
    }
  }

  /**
   * @param {MediaDeviceKind} kind
   * @param {string} chosen id
   * @param {string} noun for those that the browser does not name
   * @returns {Choices}
   */
  choices(kind, chosen, noun) {
    /** @type {Choice[]} */
    const list = this.#list
      // Before the permission is given they have neither id nor name.
      .filter((info) => info.kind === kind && info.deviceId !== "")
      .map((info, index) => ({ id: info.deviceId, label: info.label || `${noun} ${index + 1}` }));
    const known = list.some(({ id }) => id === chosen);
    return { chosen: known ? chosen : (list[0]?.id ?? ""), list };
  }
}

export { DeviceList };
