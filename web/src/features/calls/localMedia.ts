/**
 * The own microphone, camera and screen of one call. A camera is let go of when it is off, so that its light goes out; on hold
 * nothing is open at all. What is sent is told by `tracks`, whose change never needs a new offer. Another device takes the place
 * of one that is chosen away or unplugged, as muted as the one before.
 */
import type { DeviceChoices } from "./choices";
import type { DeviceList, ListedDevice } from "./deviceList";
import { watchDevices } from "./deviceWatch";
import { captureBoth, captureCamera, captureMicrophone, captureScreen, mediaError, type CapturedScreen, type Devices, type MediaError } from "./media";
import { MixedSound } from "./mixedSound";
import type { LocalTracks } from "./peer";
import type { DeviceNotice } from "./view";

export interface LocalMediaWorld {
  devices(): Devices | undefined;
  choices: DeviceChoices;
  list: DeviceList;
}

export interface LocalMediaEvents {
  /** Something was turned on or off, exchanged, or ended by itself. */
  changed(): void;
  notice(notice: DeviceNotice): void;
  /** A device that was to take the place of another did not open. */
  failed(error: unknown, kind: "microphone" | "camera"): void;
}

type Kind = "microphone" | "camera";

export const NOTHING: LocalTracks = { microphone: null, camera: null, screen: null };

export class LocalMedia {
  readonly #world: LocalMediaWorld;
  readonly #events: LocalMediaEvents;
  #tracks: LocalTracks = NOTHING;
  /** While the sound of a tab is shared. */
  #mixed: MixedSound | null = null;
  /** Whether the user is heard, as far as they decide it; survives a hold. */
  #unmuted = true;
  /** Grows with each opening and closing: what comes after it belongs to nobody. */
  #opening = 0;
  /** Grows with each exchange: of two, the later wins. */
  readonly #exchanges: Record<Kind, number> = { microphone: 0, camera: 0 };
  /** Set while devices are open. */
  #unwatch: (() => void) | null = null;
  /** Made anew with each track; the tiles show them. */
  localVideo: MediaStream | null = null;
  localScreen: MediaStream | null = null;

  constructor(world: LocalMediaWorld, events: LocalMediaEvents) {
    this.#world = world;
    this.#events = events;
  }

  /** What is to be sent. */
  get tracks(): LocalTracks {
    return this.#mixed === null ? this.#tracks : { ...this.#tracks, microphone: this.#mixed.track };
  }

  get isOpen(): boolean {
    return this.#unwatch !== null;
  }

  get microphone(): boolean {
    return this.#unmuted && (!this.isOpen || this.#tracks.microphone?.readyState === "live");
  }

  get camera(): boolean {
    return this.#tracks.camera !== null;
  }

  get screen(): boolean {
    return this.#tracks.screen !== null;
  }

  /** A call that is over when the browser has answered keeps no device: then the answer is null. */
  async open(camera: boolean): Promise<{ cameraError: MediaError | null } | null> {
    this.#opening += 1;
    const opening = this.#opening;
    const wanted = (): boolean => opening === this.#opening;
    const captured = await captureBoth(this.#world.devices(), camera, this.#world.choices.chosen.get(), wanted).catch(
      (error: unknown) => (wanted() ? Promise.reject(mediaError(error)) : null),
    );
    if (captured === null) return null;
    if (!wanted()) {
      captured.microphone.stop();
      captured.camera?.stop();
      return null;
    }
    this.#unwatch = watchDevices(this.#world.choices, this.#world.list, {
      rechosen: (kind) => void this.#exchange(kind),
      back: (kind, device) => void this.#return(kind, device),
      notice: (notice) => this.#events.notice(notice),
    });
    this.#tracks = { ...NOTHING, microphone: this.#heed("microphone", captured.microphone) };
    this.#useCamera(captured.camera);
    return { cameraError: captured.cameraError };
  }

  setMicrophone(on: boolean): void {
    this.#unmuted = on;
    const { microphone } = this.#tracks;
    if (microphone !== null) microphone.enabled = on;
    // The one there was is gone: whoever asks to be heard gets what there is.
    if (on && this.isOpen && microphone?.readyState !== "live") void this.#exchange("microphone");
    this.#events.changed();
  }

  async setCamera(on: boolean): Promise<void> {
    if (!this.isOpen || on === this.camera) return;
    this.#exchanges.camera += 1;
    if (!on) return this.#useCamera(null);
    const exchange = this.#exchanges.camera;
    const camera = await captureCamera(this.#world.devices(), this.#world.choices.chosen.get());
    // The call may have ended, or a second click have won, while the browser asked.
    if (!this.isOpen || exchange !== this.#exchanges.camera) camera.stop();
    else this.#useCamera(camera);
  }

  async setScreen(on: boolean): Promise<void> {
    if (!this.isOpen || on === this.screen) return;
    if (!on) return this.#useScreen(null);
    const opening = this.#opening;
    const screen = await captureScreen(this.#world.devices());
    if (screen === null) return;
    if (opening === this.#opening && !this.screen) return this.#useScreen(screen);
    screen.picture.stop();
    screen.sound?.stop();
  }

  /** Every device is let go of; what the user had muted stays so. */
  close(): void {
    this.#opening += 1;
    this.#unwatch?.();
    this.#unwatch = null;
    const { microphone, camera, screen } = this.#tracks;
    this.#tracks = NOTHING;
    this.#unmix();
    this.localVideo = this.localScreen = null;
    for (const track of [microphone, camera, screen]) release(track);
  }

  /** Opens what is chosen now, and sends it instead. */
  async #exchange(kind: Kind): Promise<boolean> {
    if (!this.isOpen || (kind === "camera" && !this.camera)) return false;
    this.#exchanges[kind] += 1;
    const [exchange, opening] = [this.#exchanges[kind], this.#opening];
    const stale = (): boolean => exchange !== this.#exchanges[kind] || opening !== this.#opening;
    const capture = kind === "microphone" ? captureMicrophone : captureCamera;
    try {
      const track = await capture(this.#world.devices(), this.#world.choices.chosen.get());
      if (stale()) {
        track.stop();
        return false;
      }
      if (kind === "microphone") this.#useMicrophone(track);
      else this.#useCamera(track);
      return true;
    } catch (error) {
      if (!stale()) this.#events.failed(error, kind);
      return false;
    }
  }

  /** The chosen one is plugged in again. */
  async #return(kind: Kind, { id, label }: ListedDevice): Promise<void> {
    const track = this.#tracks[kind];
    if (track?.readyState === "live" && track.getSettings().deviceId === id) return;
    if (await this.#exchange(kind)) this.#events.notice({ kind, what: "changed", label });
  }

  /** Unplugged, or the permission was withdrawn. */
  async #gone(kind: Kind, track: MediaStreamTrack): Promise<void> {
    if (this.#tracks[kind] !== track) return;
    this.#events.notice({ kind, what: "unplugged", label: track.label });
    this.#events.changed();
    const replaced = await this.#exchange(kind);
    if (!replaced && kind === "camera" && this.#tracks.camera === track) this.#useCamera(null);
  }

  #heed(kind: Kind, track: MediaStreamTrack): MediaStreamTrack {
    // Muted before anybody could hear it.
    if (kind === "microphone") track.enabled = this.#unmuted;
    track.onended = () => void this.#gone(kind, track);
    return track;
  }

  #useMicrophone(microphone: MediaStreamTrack): void {
    const before = this.#tracks.microphone;
    this.#tracks = { ...this.#tracks, microphone: this.#heed("microphone", microphone) };
    this.#mixed?.use(microphone);
    this.#events.changed();
    release(before);
  }

  #useCamera(camera: MediaStreamTrack | null): void {
    const before = this.#tracks.camera;
    this.#tracks = { ...this.#tracks, camera: camera === null ? null : this.#heed("camera", camera) };
    this.localVideo = camera === null ? null : new MediaStream([camera]);
    this.#events.changed();
    release(before);
  }

  #useScreen(captured: CapturedScreen | null): void {
    release(this.#tracks.screen);
    this.#unmix();
    const screen = captured?.picture ?? null;
    // The browser has a button of its own to stop sharing.
    if (screen !== null) screen.onended = () => this.#useScreen(null);
    if (captured?.sound != null) this.#mixed = new MixedSound(captured.sound, this.#tracks.microphone);
    this.#tracks = { ...this.#tracks, screen };
    this.localScreen = screen === null ? null : new MediaStream([screen]);
    this.#events.changed();
  }

  #unmix(): void {
    this.#mixed?.close();
    this.#mixed = null;
  }
}

function release(track: MediaStreamTrack | null): void {
  if (track === null) return;
  track.onended = null;
  track.stop();
}
