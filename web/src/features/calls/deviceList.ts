/** The microphones, cameras and speakers of this computer, kept fresh while somebody looks at them or a call runs. */
import { Store } from "../../lib/store";

export interface ListedDevice {
  id: string;
  /** Empty until a permission was given. */
  label: string;
}

export interface Devices {
  microphones: ListedDevice[];
  cameras: ListedDevice[];
  /** Empty in browsers that do not let a page choose. */
  speakers: ListedDevice[];
}

/** The part of `navigator.mediaDevices` that is used. */
export type DeviceSource = Pick<MediaDevices, "enumerateDevices" | "addEventListener" | "removeEventListener">;

export const NO_DEVICES: Devices = { microphones: [], cameras: [], speakers: [] };

export class DeviceList {
  readonly devices = new Store<Devices>(NO_DEVICES);
  readonly #source: () => DeviceSource | undefined;
  #watchers = 0;
  #asked = 0;

  /** Read at each use: an insecure page has no devices. */
  constructor(source: () => DeviceSource | undefined) {
    this.#source = source;
  }

  /** Watches until the returned function is called. */
  watch(): () => void {
    this.#watchers += 1;
    if (this.#watchers === 1) this.#source()?.addEventListener("devicechange", this.#changed);
    void this.refresh();
    let watching = true;
    return () => {
      if (!watching) return;
      watching = false;
      this.#watchers -= 1;
      if (this.#watchers === 0) this.#source()?.removeEventListener("devicechange", this.#changed);
    };
  }

  /** Labels are told only after a permission was given, and nothing announces that. */
  async refresh(): Promise<void> {
    this.#asked += 1;
    const asked = this.#asked;
    const all = await this.#source()
      ?.enumerateDevices()
      .catch(() => []);
    if (asked !== this.#asked || all === undefined) return;
    const of = (kind: MediaDeviceKind): ListedDevice[] =>
      all
        // Before a permission, browsers name nothing but that there is something. The two aliases of Chromium repeat a real device.
        .filter((device) => device.kind === kind && device.deviceId !== "" && !ALIASES.has(device.deviceId))
        .map(({ deviceId, label }) => ({ id: deviceId, label }));
    this.devices.set({ microphones: of("audioinput"), cameras: of("videoinput"), speakers: of("audiooutput") });
  }

  readonly #changed = (): void => void this.refresh();
}

const ALIASES = new Set(["default", "communications"]);
