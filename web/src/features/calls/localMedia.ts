/** The own microphone and camera of one call. The camera is let go of when it is off, so that its light goes out. */
import type { CallKind } from "../../api/types";
import { captureCamera, captureFor, type Devices, type MediaError } from "./media";
import type { LocalTracks } from "./peer";

export class LocalMedia {
  readonly #devices: () => Devices | undefined;
  /** A device ended by itself (unplugged, permission withdrawn), or something was turned on or off. */
  readonly #changed: () => void;
  #tracks: LocalTracks | null = null;
  /** Made anew with each camera track; the tile shows it. */
  localVideo: MediaStream | null = null;
  microphone = true;

  constructor(devices: () => Devices | undefined, changed: () => void) {
    this.#devices = devices;
    this.#changed = changed;
  }

  get tracks(): LocalTracks | null {
    return this.#tracks;
  }

  get camera(): boolean {
    return this.#tracks?.camera != null;
  }

  /** `wanted` is asked when the browser has answered: a call that is over by then keeps no device. */
  async open(kind: CallKind, wanted: () => boolean): Promise<{ cameraError: MediaError | null }> {
    const { microphone, camera, cameraError } = await captureFor(kind, this.#devices());
    if (!wanted()) {
      microphone.stop();
      camera?.stop();
      return { cameraError: null };
    }
    this.#tracks = { microphone, camera: null };
    this.microphone = true;
    microphone.onended = () => this.setMicrophone(false);
    this.#useCamera(camera);
    return { cameraError };
  }

  setMicrophone(on: boolean): void {
    if (this.#tracks === null) return;
    this.#tracks.microphone.enabled = on;
    this.microphone = on && this.#tracks.microphone.readyState === "live";
    this.#changed();
  }

  async setCamera(on: boolean): Promise<void> {
    const tracks = this.#tracks;
    if (tracks === null || on === this.camera) return;
    if (!on) return this.#useCamera(null);
    const camera = await captureCamera(this.#devices());
    // The call may have ended, or a second click have won, while the browser asked.
    if (this.#tracks === null || this.camera) camera.stop();
    else this.#useCamera(camera);
  }

  close(): void {
    const tracks = this.#tracks;
    this.#tracks = this.localVideo = null;
    for (const track of [tracks?.microphone, tracks?.camera]) {
      if (track == null) continue;
      track.onended = null;
      track.stop();
    }
  }

  #useCamera(camera: MediaStreamTrack | null): void {
    if (this.#tracks === null) return;
    const old = this.#tracks.camera;
    if (old !== null) {
      old.onended = null;
      old.stop();
    }
    if (camera !== null) camera.onended = () => this.#useCamera(null);
    this.#tracks = { ...this.#tracks, camera };
    this.localVideo = camera === null ? null : new MediaStream([camera]);
    this.#changed();
  }
}
