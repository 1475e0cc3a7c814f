/**
 * One call, without React. The server holds the call's state and tells it whole at each change; this class follows it with
 * devices and a media connection, and lets go of everything in every ending.
 */
import { Store } from "../../lib/store";
import { randomKey } from "../../lib/random";
import type { CallKind, CallState, Signal } from "../../api/types";
import type { CallWorld } from "./calls";
import { Connection } from "./connection";
import type { Farewells } from "./farewells";
import { LocalMedia } from "./localMedia";
import { mediaError } from "./media";
import { Timers } from "./timers";
import { IDLE, type CallView, type DeviceKind, type Ending } from "./view";

export interface SessionWorld extends CallWorld {
  farewells: Farewells;
  /** This page's name on its present socket. */
  deviceId(): string | null;
}

/** Refusals after which there is no call to go on with. */
const FATAL = new Set([
  "no_such_call",
  "answered_elsewhere",
  "already_in_call",
  "user_unavailable",
  "not_ringing",
  "bad_client_key",
  "too_many_calls",
  "media_node_refused",
  "unavailable",
]);

/** The server rings for 45 s; a page that heard nothing since stops by itself. */
export const RING_MS = 50_000;
/** After a reconnect the server tells of a ringing call at once, or it rings no more. */
const CONFIRM_MS = 3_000;

export class CallSession {
  readonly view = new Store<CallView>(IDLE);
  readonly #world: SessionWorld;
  /** Called once, when everything has been let go of. `null`: the user ended it and needs no notice. */
  readonly #ended: (why: Ending | null) => void;
  readonly #media: LocalMedia;
  readonly #connection: Connection;
  readonly #timers = new Timers<"ring">();
  /** The key of a call of one's own; the server's state is found by it. */
  #clientKey: string | null = null;
  /** The device id as which the server knows this page to hold the call. */
  #heldAs: string | null = null;
  /** The socket is new, and the server has not yet said that the call is still held by this page. */
  #resuming = false;
  #over = false;

  constructor(world: SessionWorld, ended: (why: Ending | null) => void) {
    this.#world = world;
    this.#ended = ended;
    this.#media = new LocalMedia(world, () => this.#mediaChanged());
    this.#connection = new Connection(world, {
      connected: () => this.#show({ stage: "talking", interrupted: false }),
      interrupted: () => this.#show({ interrupted: true }),
      remote: ({ person, screen }) => this.#show({ remote: person, remoteScreen: screen }),
      measured: (quality) => this.#show({ quality }),
      gaveUp: (why) => this.hangUp(why === "lost" ? "lost" : this.#never()),
    });
  }

  get connection(): RTCPeerConnection | null {
    return this.#connection.connection;
  }

  get id(): string | null {
    return this.view.get().call?.id ?? null;
  }

  get isAnswered(): boolean {
    const { stage } = this.view.get();
    return stage === "connecting" || stage === "talking";
  }

  isOf(call: CallState): boolean {
    return this.id === call.id || (this.#clientKey !== null && call.client_key === this.#clientKey);
  }

  /** Whether a refusal is about this call. */
  isMeant(callId: string | null | undefined, clientKey: string | null | undefined): boolean {
    return (clientKey != null && clientKey === this.#clientKey) || (callId != null && callId === this.id);
  }

  // What the user does.

  async call(peerId: string, kind: CallKind): Promise<void> {
    this.#clientKey = randomKey();
    this.#show({ stage: "asking", kind, peerId, camera: kind === "video" });
    if (!(await this.#openMedia(kind === "video"))) return;
    this.#show({ stage: "outgoing" });
    if (!this.#sayStart()) this.#finish("socket");
  }

  async accept(): Promise<void> {
    const { stage, call, kind } = this.view.get();
    if (stage !== "incoming" || call === null) return;
    this.#show({ stage: "asking", mediaError: null });
    if (!(await this.#openMedia(kind === "video"))) return;
    this.#show({ stage: "connecting" });
    if (!this.#world.send({ type: "call_accept", call_id: call.id })) this.#finish("socket");
  }

  decline(): void {
    const { call } = this.view.get();
    if (call === null) return;
    this.#world.farewells.say({ type: "call_decline", call_id: call.id });
    this.#finish(null);
  }

  hangUp(why: Ending | null = null): void {
    const { call } = this.view.get();
    if (this.#over) return;
    if (call !== null) this.#world.farewells.say({ type: "call_hang_up", call_id: call.id });
    else if (this.#clientKey !== null) this.#world.farewells.cancel(this.#clientKey);
    this.#finish(why);
  }

  /** Continues here a call that another device of this user left. */
  async takeOver(call: CallState): Promise<void> {
    this.#show({ stage: "asking", kind: call.kind, call, peerId: this.#peerOf(call) });
    if (!(await this.#openMedia(call.kind === "video"))) return;
    this.#show({ stage: "connecting" });
    if (!this.#world.send({ type: "call_accept", call_id: call.id })) this.#finish("socket");
  }

  setMicrophone(on: boolean): void {
    this.#media.setMicrophone(on);
  }

  async setCamera(on: boolean): Promise<void> {
    await this.#turn("camera", () => this.#media.setCamera(on));
  }

  async setScreen(on: boolean): Promise<void> {
    await this.#turn("screen", () => this.#media.setScreen(on));
  }

  /** On hold nothing is captured and nothing heard; the connection stays. */
  async hold(on: boolean): Promise<void> {
    const { onHold, camera } = this.view.get();
    if (on === onHold || !this.isAnswered) return;
    if (on) {
      this.#media.close();
      this.#show({ onHold: true, screen: false, localVideo: null, localScreen: null });
      this.#tellMedia();
      return;
    }
    if (!(await this.#openMedia(camera))) return;
    this.#show({ onHold: false });
    this.#mediaChanged();
  }

  forgetMediaError(): void {
    this.#show({ mediaError: null });
  }

  forgetDeviceNotice(): void {
    this.#show({ deviceNotice: null });
  }

  // What the server says.

  /** Rings here. */
  ring(call: CallState): void {
    this.#timers.set("ring", RING_MS, () => this.#finish("missed"));
    this.#show({ stage: "incoming", kind: call.kind, call, peerId: this.#peerOf(call), camera: call.kind === "video" });
  }

  /** A new socket is a new device for the server. */
  greet(): void {
    const { stage, call } = this.view.get();
    if (stage === "outgoing") this.#sayStart();
    if (stage === "incoming") this.#timers.set("ring", CONFIRM_MS, () => this.#finish("missed"));
    if (call === null || !this.isAnswered) return;
    this.#resuming = true;
    this.#world.send({ type: "call_accept", call_id: call.id, previous_device_id: this.#heldAs });
  }

  follow(call: CallState): void {
    if (call.phase === "ended") this.#finish(call.outcome ?? "lost");
    else if (call.phase === "ringing") this.#ringing(call);
    else if (call.here) this.#answered(call);
    else this.#answeredElsewhere(call);
  }

  signal(signal: Signal): void {
    this.#connection.receive(signal);
  }

  refused(code: string): void {
    if (FATAL.has(code)) this.#finish({ code });
  }

  #ringing(call: CallState): void {
    this.#timers.set("ring", RING_MS, () => this.hangUp("missed"));
    this.#show({ call, kind: call.kind });
  }

  #answeredElsewhere(call: CallState): void {
    const { stage, call: current } = this.view.get();
    // Another device answered first, or has taken the call over. (While this page takes it over or back, the state may still
    // be the one before; if another was faster, the server refuses.)
    const connected = call.participants.find(({ user_id }) => user_id === this.#world.me)?.connected !== false;
    const mine = current?.here === true && !this.#resuming;
    if (current?.phase === "ringing" || (connected && (mine || stage === "asking"))) this.#finish("elsewhere");
  }

  #answered(call: CallState): void {
    this.#heldAs = this.#world.deviceId();
    this.#timers.clear("ring");
    this.#show({ call, kind: call.kind });
    // Only this page's own `call_accept` or `call_start` makes it the holder, and both are said with open devices.
    if (!this.#media.isOpen && !this.view.get().onHold) return;
    if (!this.#connection.serves(call)) this.#connect(call);
    else if (this.#resuming) this.#resume(call);
  }

  #resume(call: CallState): void {
    this.#resuming = false;
    this.#connection.resume(call);
    this.#sayMedia();
  }

  #connect(call: CallState): void {
    this.#resuming = false;
    this.#show({ stage: "connecting", interrupted: false, quality: null, remote: null, remoteScreen: null });
    this.#connection.connect(call, this.#media.tracks);
    this.#sayMedia();
  }

  // What is said to the server.

  #sayStart(): boolean {
    const { peerId, kind } = this.view.get();
    if (peerId === null || this.#clientKey === null) return false;
    return this.#world.send({ type: "call_start", client_key: this.#clientKey, callee_id: peerId, kind });
  }

  #sayMedia(): void {
    const { call, microphone, camera } = this.view.get();
    if (call?.phase === "answered" && call.here) this.#world.send({ type: "call_media", call_id: call.id, microphone, camera });
  }

  // Devices and the end.

  /** False if there is nothing to talk with, or the call was over before the user had answered the browser. */
  async #openMedia(camera: boolean): Promise<boolean> {
    const before = this.view.get();
    try {
      const { cameraError } = await this.#media.open(camera, () => !this.#over);
      if (this.#over) return false;
      if (cameraError !== null) this.#mediaError(cameraError, "camera");
    } catch (error) {
      if (this.#over) return false;
      // The callee may try again while it rings; a caller has nothing to wait for, but reads why.
      const ringing = before.call?.phase === "ringing" && before.call.callee_id === this.#world.me;
      this.#show({ stage: ringing ? "incoming" : before.stage });
      this.#mediaError(error, "microphone");
      return false;
    }
    return true;
  }

  async #turn(device: DeviceKind, turn: () => Promise<void>): Promise<void> {
    try {
      await turn();
    } catch (error) {
      if (!this.#over) this.#mediaError(error, device);
      return;
    }
    if (!this.#over) this.#show({ mediaError: null });
  }

  #mediaError(error: unknown, device: DeviceKind): void {
    const { code, cause_name } = mediaError(error);
    this.#show({ mediaError: { code, detail: cause_name, device } });
  }

  #mediaChanged(): void {
    const { microphone, camera, screen, localVideo, localScreen } = this.#media;
    this.#show({ microphone, camera, screen, localVideo, localScreen });
    this.#tellMedia();
  }

  #tellMedia(): void {
    void this.#connection.use(this.#media.tracks);
    this.#sayMedia();
  }

  #show(change: Partial<CallView>): void {
    if (!this.#over) this.view.update((view) => ({ ...view, ...change }));
  }

  #peerOf(call: CallState): string {
    return call.caller_id === this.#world.me ? call.callee_id : call.caller_id;
  }

  #never(): Ending {
    return this.view.get().call?.path === "media_node" ? "mediaNode" : "media";
  }

  /** Every ending comes through here. */
  #finish(why: Ending | null): void {
    if (this.#over) return;
    this.#over = true;
    this.#timers.clear();
    this.#connection.close();
    this.#media.close();
    this.#ended(why);
  }
}
