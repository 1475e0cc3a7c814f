/**
 * One call, without React. The server holds the call's state and tells it whole at each change; this class follows it with
 * devices and a media connection, and lets go of everything in every ending.
 */
import { randomKey } from "../../lib/random";
import { Store } from "../../lib/store";
import type { CallKind, CallState, Signal } from "../../api/types";
import type { CallWorld } from "./calls";
import { CONNECT_MS, Connection } from "./connection";
import { Consent, type SaidConsent } from "./consent";
import type { Farewells } from "./farewells";
import type { Measure } from "./gauge";
import { LocalMedia, NOTHING } from "./localMedia";
import { mediaError } from "./media";
import type { RemoteStreams } from "./peer";
import type { LeftCall } from "./resume";
import { Sayings } from "./sayings";
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
/** An accept that nobody answers for so long was not heard. */
export const ACCEPT_MS = 15_000;
/** Of two whose media never came one gives up a little sooner. */
const GIVEN_UP_MS = CONNECT_MS - 5_000;
/** After a reconnect the server tells of a ringing call at once, or it rings no more. */
const CONFIRM_MS = 3_000;

export class CallSession {
  readonly view = new Store<CallView>(IDLE);
  readonly #world: SessionWorld;
  /**
   * Called once, when everything has been let go of. `null`: the user ended it and needs no notice. `failed` names a call that was
   * given up because its media could not be had.
   */
  readonly #ended: (why: Ending | null, failed: string | null) => void;
  readonly #media: LocalMedia;
  readonly #connection: Connection;
  readonly #say: Sayings;
  readonly #consent = new Consent();
  readonly #timers = new Timers<"ring" | "accept">();
  /** The key of a call of one's own; the server's state is found by it. */
  #clientKey: string | null = null;
  /** The device id as which the server knows this page to hold the call. */
  #heldAs: string | null = null;
  /** The socket is new, and the server has not yet said that the call is still held by this page. */
  #resuming = false;
  /** The page before this one left the call in this tab; set until this one is in it. */
  #returning: LeftCall | null = null;
  /** Signals of the present negotiation that came before the devices were open. */
  #early: Signal[] = [];
  #remote: RemoteStreams = { person: null, screen: null };
  /** The camera was on before the hold. */
  #cameraOnResume = false;
  /** While there is no media: since when, by `performance.now()`. */
  #connectsSince: number | null = null;
  /** This side has yet to agree to the recording: until then nothing is set up, and what is there is silent. */
  #withheld = false;
  #over = false;

  constructor(world: SessionWorld, ended: (why: Ending | null, failed: string | null) => void) {
    this.#world = world;
    this.#ended = ended;
    this.#say = new Sayings(world.send);
    this.#media = new LocalMedia(world, {
      changed: () => this.#mediaChanged(),
      notice: (deviceNotice) => this.#show({ deviceNotice }),
      failed: (error, kind) => this.#mediaError(error, kind),
    });
    this.#connection = new Connection(world, {
      connected: () => this.#connected(),
      interrupted: () => this.#show({ interrupted: true }),
      moving: (moving) => this.#show({ moving }),
      remote: (streams) => this.#hear(streams),
      measured: (measure) => this.#measured(measure),
      gaveUp: (why) => this.hangUp(why === "lost" ? "lost" : this.#never(), true),
    });
  }

  get connection(): RTCPeerConnection | null {
    return this.#connection.connection;
  }

  get id(): string | null {
    return this.view.get().call?.id ?? this.#returning?.call_id ?? null;
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
    if (await this.#openMedia(kind === "video")) this.#sayAccept(call);
  }

  decline(): void {
    const { id } = this;
    if (id === null) return;
    this.#world.farewells.say({ type: "call_decline", call_id: id });
    this.#finish(null);
  }

  /** `failed`: because its media could not be had. */
  hangUp(why: Ending | null = null, failed = false): void {
    if (this.#over) return;
    const { id } = this;
    if (id !== null) this.#world.farewells.say({ type: "call_hang_up", call_id: id });
    else if (this.#clientKey !== null) this.#world.farewells.cancel(this.#clientKey);
    this.#finish(why, failed ? id : null);
  }

  /** Continues here a call that another device of this user left. */
  async takeOver(call: CallState): Promise<void> {
    this.#show({ stage: "asking", kind: call.kind, call, peerId: this.#peerOf(call) });
    if (await this.#openMedia(call.kind === "video")) this.#sayAccept(call);
  }

  /** Returns into a call that the page before this one was in, as muted as it was. Devices are opened once the server lets it. */
  return(left: LeftCall): void {
    this.#returning = left;
    this.#media.setMicrophone(left.microphone);
    this.#cameraOnResume = left.camera;
    this.#show({ stage: "connecting", kind: left.kind, peerId: left.peer_id, microphone: left.microphone, onHold: left.on_hold });
    this.#sayReturn(left);
  }

  /** The page goes away, and may come back. What is needed then, if there is a call to come back to. */
  leave(): LeftCall | null {
    const { id } = this;
    const { stage, peerId, kind, microphone, camera, onHold } = this.view.get();
    // Who rings for somebody gives up; who is rung may answer with another device.
    if (stage === "outgoing") this.hangUp();
    if (!this.isAnswered || id === null || peerId === null) {
      this.#finish(null);
      return null;
    }
    this.#say.leave(id);
    const device_id = this.#heldAs;
    const cameraOn = onHold ? this.#cameraOnResume : camera;
    this.#finish(null);
    return device_id === null ? null : { call_id: id, device_id, peer_id: peerId, kind, microphone, camera: cameraOn, on_hold: onHold };
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
    if (!this.isAnswered) return;
    if (!on) {
      if (onHold && (await this.#openMedia(this.#cameraOnResume))) this.#unhold();
      return;
    }
    // Also what is just being opened.
    this.#media.close();
    if (onHold) return;
    this.#cameraOnResume = camera;
    this.#show({ onHold: true, remote: null, remoteScreen: null });
    this.#mediaChanged();
  }

  networkChanged(): void {
    this.#connection.networkChanged();
  }

  /** To the recording, by the notice as it was read in that language. */
  agree(language: SaidConsent["language"]): void {
    const said = this.#consent.agree(language);
    if (said === null || this.id === null) return;
    this.#say.consent(this.id, said);
    this.#show({ consent: this.#consent.stage });
  }

  /** Turns the recording on or off, where the policy lets this user. */
  record(on: boolean): void {
    if (this.id !== null) this.#say.record(this.id, on);
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
    this.#consent.follow(call.recording ?? null);
    const { stage: consent } = this.#consent;
    this.#show({ stage: "incoming", kind: call.kind, call, consent, peerId: this.#peerOf(call), camera: call.kind === "video" });
  }

  /** A new socket is a new device for the server. */
  greet(): void {
    const { stage, call } = this.view.get();
    if (call !== null && this.#consent.said !== null) this.#say.consent(call.id, this.#consent.said);
    if (stage === "outgoing") this.#sayStart();
    if (stage === "incoming") this.#timers.set("ring", CONFIRM_MS, () => this.#finish("missed"));
    if (this.#returning !== null) return this.#sayReturn(this.#returning);
    if (call === null || !this.isAnswered) return;
    this.#resuming = true;
    this.#say.resume(call.id, this.#heldAs);
  }

  follow(call: CallState): void {
    this.#consent.follow(call.recording ?? null);
    this.#show({ consent: this.#consent.stage });
    if (call.phase === "ended") this.#hearEnd(call);
    else if (call.phase === "ringing") this.#ringing(call);
    else if (call.here) this.#answered(call);
    else this.#answeredElsewhere(call);
  }

  signal(signal: Signal): void {
    if (this.connection === null || this.#withheld) this.#early.push(signal);
    else this.#connection.receive(signal);
  }

  refused(code: string): void {
    if (this.#consent.refuse(code)) return this.#askConsent();
    if (!FATAL.has(code)) return;
    // Whoever returns too late finds a call that is over, and that is no error.
    if (this.#returning !== null) this.#finish("completed");
    // It ended while there was no line to the server, or with the server.
    else if (this.#resuming && code === "no_such_call") this.#finish("lost");
    else this.#finish({ code });
  }

  /** To the other side it was a call without media as well: it is not told of a plain ending. */
  #hearEnd(call: CallState): void {
    const since = this.#connectsSince;
    // What could not be recorded was ended for that, however far its media had come.
    if (call.outcome === "not_recorded") this.#finish(call.outcome);
    else if (since !== null && performance.now() - since >= GIVEN_UP_MS) this.#finish(this.#never(), call.id);
    else this.#finish(call.outcome ?? "lost");
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
    const { negotiation } = this.view.get().call ?? {};
    this.#heldAs = this.#world.deviceId();
    this.#timers.clear("ring", "accept");
    this.#show({ call, kind: call.kind });
    if (negotiation !== call.negotiation) this.#early = [];
    if (!this.#consent.isGiven) return this.#withhold();
    this.#permit(call);
    if (this.#connection.serves(call)) {
      this.#connection.follow(call);
      if (this.#resuming) this.#resume(call);
    } else if (!this.#consent.letsConnect) {
      this.#waitForAll();
    } else if (this.#media.isOpen || this.view.get().onHold) {
      this.#connect(call);
    } else if (this.#returning !== null) {
      void this.#reopen();
    }
  }

  #askConsent(): void {
    this.#show({ consent: this.#consent.stage });
    if (this.view.get().call?.phase === "answered") this.#withhold();
  }

  /** What flows falls silent on both ways; what does not flow yet is set up once this side has agreed. */
  #withhold(): void {
    const { stage } = this.view.get();
    this.#withheld = true;
    if (stage !== "talking") {
      this.#connection.close();
      this.#connectsSince = null;
    }
    this.#waitForAll();
    this.#sendTracks();
    this.#show({ remote: null, remoteScreen: null });
  }

  /** Answered, and no media is looked for yet. */
  #waitForAll(): void {
    if (this.view.get().stage === "outgoing") this.#show({ stage: "connecting" });
  }

  #permit(call: CallState): void {
    if (!this.#withheld) return;
    this.#withheld = false;
    // What has to be set up anew takes all that came meanwhile with it.
    if (!this.#connection.serves(call)) return;
    this.#sendTracks();
    this.#hear(this.#remote);
    for (const signal of this.#early.splice(0)) this.#connection.receive(signal);
    // An offer of the time between was refused.
    this.#resuming = true;
  }

  /** The server lets this page back into its call. If its devices fail it, it is there on hold, where they can be tried again. */
  async #reopen(): Promise<void> {
    this.#returning = null;
    const opened = await this.#openMedia(this.#cameraOnResume);
    const { call } = this.view.get();
    if (this.#over || call === null) return;
    // Held and taken back meanwhile, it has them by another opening.
    if (!opened && !this.#media.isOpen) this.#show({ onHold: true });
    if (this.#consent.letsConnect && !this.#connection.serves(call)) this.#connect(call);
  }

  #resume(call: CallState): void {
    this.#resuming = false;
    this.#connection.resume(call);
    this.#say.media(this.view.get());
  }

  #connect(call: CallState): void {
    this.#resuming = false;
    this.#returning = null;
    const playsOn = this.#connection.connect(call, this.#media.tracks);
    if (!playsOn) {
      this.#connectsSince ??= performance.now();
      this.#hear({ person: null, screen: null });
      this.#show({ stage: "connecting", quality: null, details: null });
    }
    this.#show({ interrupted: false });
    for (const signal of this.#early.splice(0)) this.#connection.receive(signal);
    this.#say.media(this.view.get());
  }

  #connected(): void {
    this.#connectsSince = null;
    this.#show({ stage: "talking", interrupted: false });
  }

  #measured(measure: Partial<Measure>): void {
    const { camera, screen } = this.view.get();
    // Where no picture is sent there is none to be limited.
    this.#show(camera || screen ? measure : { ...measure, pictureLimited: "none" });
  }

  #hear(streams: RemoteStreams): void {
    this.#remote = streams;
    if (!this.view.get().onHold && !this.#withheld) this.#show({ remote: streams.person, remoteScreen: streams.screen });
  }

  #unhold(): void {
    this.#show({ onHold: false, mediaError: null });
    this.#hear(this.#remote);
    this.#mediaChanged();
  }

  // What is said to the server.

  #sayStart(): boolean {
    const { peerId, kind } = this.view.get();
    if (peerId === null || this.#clientKey === null) return false;
    return this.#say.start(this.#clientKey, peerId, kind);
  }

  #sayAccept({ id }: CallState): void {
    this.#show({ stage: "connecting" });
    this.#timers.set("accept", ACCEPT_MS, () => this.hangUp("socket"));
    if (!this.#say.accept(id)) this.#finish("socket");
  }

  #sayReturn(left: LeftCall): void {
    this.#timers.set("accept", ACCEPT_MS, () => this.hangUp("socket"));
    this.#say.return(left);
  }

  // Devices and the end.

  /** False if there is nothing to talk with, or the call was over before the user had answered the browser. */
  async #openMedia(camera: boolean): Promise<boolean> {
    const { stage, call } = this.view.get();
    try {
      const opened = await this.#media.open(camera);
      if (opened === null) return false;
      if (opened.cameraError !== null) this.#mediaError(opened.cameraError, "camera");
    } catch (error) {
      if (this.#over) return false;
      // The callee may try again while it rings; a caller has nothing to wait for, but reads why.
      const ringing = call?.phase === "ringing" && call.callee_id === this.#world.me;
      this.#show({ stage: ringing ? "incoming" : stage });
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
    this.#sendTracks();
    this.#say.media(this.view.get());
  }

  #sendTracks(): void {
    this.#connection.use(this.#withheld ? NOTHING : this.#media.tracks);
  }

  #show(change: Partial<CallView>): void {
    if (!this.#over) this.view.update((view) => ({ ...view, ...change }));
  }

  #peerOf(call: CallState): string {
    return call.caller_id === this.#world.me ? call.callee_id : call.caller_id;
  }

  #never(): Ending {
    const path = this.view.get().call?.path;
    if (path === "media_node") return "mediaNode";
    return path === "relayed" ? "relay" : "media";
  }

  /** Every ending comes through here. */
  #finish(why: Ending | null, failed: string | null = null): void {
    if (this.#over) return;
    this.#over = true;
    this.#timers.clear();
    this.#connection.close();
    this.#media.close();
    this.#early = [];
    this.#ended(why, failed);
  }
}
