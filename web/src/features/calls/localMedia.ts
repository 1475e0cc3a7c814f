/**
 * The own microphone, camera and screen of one call. A camera is let go of when it is off, so that its light goes out; on hold
 * nothing is open at all. What is sent is told by `tracks`, whose change never needs a new offer.
 */
import type { DeviceChoices } from "./choices";
import { captureBoth, captureCamera, captureScreen, type Devices, type MediaError } from "./media";
import type { LocalTracks } from "./peer";

export interface LocalMediaWorld {
  devices(): Devices | undefined;
  choices: DeviceChoices;
}

const NOTHING: LocalTracks = { microphone: null, camera: null, screen: null };

export class LocalMedia {
  readonly #world: LocalMediaWorld;
  /** Something was turned on or off, or a device ended by itself (unplugged, permission withdrawn). */
  readonly #changed: () => void;
  #tracks: LocalTracks = NOTHING;
  /** From the first capture until the call ends or is put on hold. */
  #open = false;
  /** Whether the user is heard, as far as they decide it; survives a hold. */
  #unmuted = true;
  /** Made anew with each track; the tiles show them. */
  localVideo: MediaStream | null = null;
  localScreen: MediaStream | null = null;

  constructor(world: LocalMediaWorld, changed: () => void) {
    this.#world = world;
    this.#changed = changed;
  }

  /** What is to be sent. */
  get tracks(): LocalTracks {
    return this.#tracks;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  get microphone(): boolean {
    return this.#unmuted && (!this.#open || this.#tracks.microphone?.readyState === "live");
  }

  get camera(): boolean {
    return this.#tracks.camera !== null;
  }

  get screen(): boolean {
    return this.#tracks.screen !== null;
  }

  /** `wanted` is asked when the browser has answered: a call that is over by then keeps no device. */
  async open(camera: boolean, wanted: () => boolean): Promise<{ cameraError: MediaError | null }> {
    const captured = await captureBoth(this.#world.devices(), camera, this.#world.choices.chosen.get());
    if (!wanted() || this.#open) {
      captured.microphone.stop();
      captured.camera?.stop();
      return { cameraError: null };
    }
    this.#open = true;
    // Muted before anybody could hear it.
    captured.microphone.enabled = this.#unmuted;
    captured.microphone.onended = () => this.#changed();
    this.#tracks = { ...NOTHING, microphone: captured.microphone };
    this.#useCamera(captured.camera);
    return { cameraError: captured.cameraError };
  }

  setMicrophone(on: boolean): void {
    this.#unmuted = on;
    if (this.#tracks.microphone !== null) this.#tracks.microphone.enabled = on;
    this.#changed();
  }

  async setCamera(on: boolean): Promise<void> {
    if (!this.#open || on === this.camera) return;
    if (!on) return this.#useCamera(null);
    const camera = await captureCamera(this.#world.devices(), this.#world.choices.chosen.get());
    // The call may have ended, or a second click have won, while the browser asked.
    if (!this.#open || this.camera) camera.stop();
    else this.#useCamera(camera);
  }

  async setScreen(on: boolean): Promise<void> {
    if (!this.#open || on === this.screen) return;
    if (!on) return this.#useScreen(null);
    const screen = await captureScreen(this.#world.devices());
    if (screen === null) return;
    if (!this.#open || this.screen) screen.stop();
    else this.#useScreen(screen);
  }

  /** Every device is let go of; what the user had muted stays so. */
  close(): void {
    const { microphone, camera, screen } = this.#tracks;
    this.#open = false;
    this.#tracks = NOTHING;
    this.localVideo = this.localScreen = null;
    for (const track of [microphone, camera, screen]) release(track);
  }

  #useCamera(camera: MediaStreamTrack | null): void {
    release(this.#tracks.camera);
    if (camera !== null) camera.onended = () => this.#useCamera(null);
    this.#tracks = { ...this.#tracks, camera };
    this.localVideo = camera === null ? null : new MediaStream([camera]);
    this.#changed();
  }

  #useScreen(screen: MediaStreamTrack | null): void {
    release(this.#tracks.screen);
    // The browser has a button of its own to stop sharing.
    if (screen !== null) screen.onended = () => this.#useScreen(null);
    this.#tracks = { ...this.#tracks, screen };
    this.localScreen = screen === null ? null : new MediaStream([screen]);
    this.#changed();
  }
}

function release(track: MediaStreamTrack | null): void {
  if (track === null) return;
  track.onended = null;
  track.stop();
}
