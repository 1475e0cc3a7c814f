/**
 * All calls of this page, without React: one that talks or rings, and beside it one that is on hold or rings as a second one.
 * Each is a `CallSession`; here is what concerns more than one, and who gets what the server says.
 */
import type { CallKind, CallState, ClientFrame, IceServer, ServerFrame } from "../../api/types";
import { Store } from "../../lib/store";
import type { DeviceChoices } from "./choices";
import type { SaidConsent } from "./consent";
import type { DeviceList } from "./deviceList";
import { Farewells } from "./farewells";
import type { Devices } from "./media";
import type { LocalTracks, PeerEvents, PeerLike } from "./peer";
import { leaveCalls, takeLeftCalls, type LeftCall } from "./resume";
import { CallSession, type SessionWorld } from "./session";
import { IDLE, NO_CALLS, type CallsView, type Ending } from "./view";

/** What calls need of the world; a test gives its own. */
export interface CallWorld {
  me: string;
  send(frame: ClientFrame): boolean;
  /** The network may be another one: the socket makes sure of its line. */
  doubtLine(): void;
  /** Read at each use: a page may gain devices, and an insecure one has none. */
  devices(): Devices | undefined;
  peer(call: CallState, tracks: LocalTracks, events: PeerEvents): PeerLike;
  /** Whether the browser opens the microphone without asking. */
  microphoneGranted(): Promise<boolean>;
  /** Relay servers for a call that lives longer than their credentials. */
  iceServers(callId: string): Promise<IceServer[]>;
  choices: DeviceChoices;
  list: DeviceList;
}

export class Calls {
  readonly view = new Store<CallsView>(NO_CALLS);
  /** The devices that were chosen, and those there are; the panel works on them. */
  readonly choices: DeviceChoices;
  readonly devices: DeviceList;
  readonly #world: SessionWorld;
  readonly #farewells: Farewells;
  #current: CallSession | null = null;
  #waiting: CallSession | null = null;
  #held: CallSession | null = null;
  /** Calls that ring for this user while the page has no place for them. */
  readonly #unshown = new Map<string, CallState>();
  #deviceId: string | null = null;
  /** What the page before this one left in its tab. */
  #left: LeftCall[] = takeLeftCalls();

  constructor(world: CallWorld) {
    this.#farewells = new Farewells(world.send);
    this.#world = { ...world, farewells: this.#farewells, deviceId: () => this.#deviceId };
    this.choices = world.choices;
    this.devices = world.list;
  }

  /** For debugging and tests; see docs/testing-webrtc.md. */
  get connection(): RTCPeerConnection | null {
    return this.#current?.connection ?? null;
  }

  get canShareScreen(): boolean {
    return this.#world.devices()?.getDisplayMedia !== undefined;
  }

  // What the user does.

  /** With a talking call: that one is held first. */
  async call(peerId: string, kind: CallKind): Promise<void> {
    if (!this.#makeRoom()) return;
    this.#current = this.#open();
    await this.#current.call(peerId, kind);
  }

  async accept(): Promise<void> {
    await this.#current?.accept();
  }

  decline(): void {
    this.#current?.decline();
  }

  hangUp(): void {
    this.#current?.hangUp();
  }

  /** Takes the second call: the first is put on hold, or ended. */
  async answerWaiting(how: "hold" | "end"): Promise<void> {
    const waiting = this.#waiting;
    if (waiting === null) return;
    // (What rings has taken the place of a call that has just ended: there is nothing to hold.)
    if (how === "end") {
      // It moves up by itself.
      this.#current?.hangUp();
    } else {
      if (this.#held !== null || this.#current === null) return;
      this.#waiting = null;
      this.#hold();
      this.#current = waiting;
    }
    this.#show();
    await waiting.accept();
  }

  declineWaiting(): void {
    this.#waiting?.decline();
  }

  /** The held call talks, and the talking one is on hold. */
  async swap(): Promise<void> {
    const held = this.#held;
    if (held === null || this.#current?.isAnswered !== true) return;
    this.#hold();
    this.#current = held;
    this.#show();
    await held.hold(false);
  }

  hangUpHeld(): void {
    this.#held?.hangUp();
  }

  async hold(on: boolean): Promise<void> {
    await this.#current?.hold(on);
  }

  /** To the recording of the call that is shown, or of the one that rings beside it. */
  agree(language: SaidConsent["language"], which: "current" | "waiting" = "current"): void {
    (which === "current" ? this.#current : this.#waiting)?.agree(language);
  }

  record(on: boolean): void {
    this.#current?.record(on);
  }

  setMicrophone(on: boolean): void {
    this.#current?.setMicrophone(on);
  }

  async setCamera(on: boolean): Promise<void> {
    await this.#current?.setCamera(on);
  }

  async setScreen(on: boolean): Promise<void> {
    await this.#current?.setScreen(on);
  }

  /** Continues here a call that another device of this user left. */
  async takeOver(): Promise<void> {
    const { abandoned } = this.view.get();
    if (abandoned === null || !this.#makeRoom()) return;
    this.#current = this.#open();
    this.view.update((view) => ({ ...view, abandoned: null }));
    const left = this.#left.find(({ call_id }) => call_id === abandoned.id);
    if (left === undefined) await this.#current.takeOver(abandoned);
    else this.#current.return(left);
  }

  forgetMediaError(): void {
    this.#current?.forgetMediaError();
  }

  forgetDeviceNotice(): void {
    this.#current?.forgetDeviceNotice();
  }

  /** Signed out. */
  end(): void {
    for (const session of this.#all()) session.hangUp();
  }

  /** The page goes away: closed, or loaded anew. Nobody can tell which; the server waits a moment for the latter. */
  leave(): void {
    this.#left = this.#all()
      .map((session) => session.leave())
      .filter((left) => left !== null);
    leaveCalls(this.#left);
  }

  networkChanged(): void {
    for (const session of this.#all()) session.networkChanged();
  }

  // What the server says.

  receive(frame: ServerFrame): void {
    switch (frame.type) {
      case "hello":
        return this.#greet(frame.device_id);
      case "call":
        return this.#follow(frame.call);
      case "call_signal":
        return this.#all()
          .find(({ id }) => id === frame.call_id)
          ?.signal(frame.signal);
      case "error":
        return this.#all()
          .find((session) => session.isMeant(frame.call_id, frame.client_key))
          ?.refused(frame.code);
    }
  }

  /** A new socket is a new device for the server. */
  #greet(deviceId: string): void {
    this.#deviceId = deviceId;
    this.#farewells.flush();
    // What was ringing or abandoned is told anew after the hello.
    this.view.update((view) => ({ ...view, abandoned: null }));
    this.#unshown.clear();
    for (const session of this.#all()) session.greet();
    void this.#return();
  }

  /** Back into what the page before was in. Where the browser would ask for the microphone, the user is asked before. */
  async #return(): Promise<void> {
    if (this.#left.length === 0) return;
    // Where this very page came back, it has left them as well.
    takeLeftCalls();
    const granted = await this.#world.microphoneGranted();
    // The one that talked first; beside what rings meanwhile, none.
    const left = [...this.#left].sort((a, b) => Number(a.on_hold) - Number(b.on_hold));
    for (const call of left) {
      if (!granted && !call.on_hold) continue;
      this.#left = this.#left.filter(({ call_id }) => call_id !== call.call_id);
      if (this.#current === null) {
        this.#current = this.#open();
        this.#current.return(call);
      } else if (this.#held === null && this.#current.isAnswered) {
        this.#held = this.#open();
        this.#held.return({ ...call, on_hold: true });
      }
    }
  }

  #follow(call: CallState): void {
    this.#unshown.delete(call.id);
    if (this.#farewells.covers(call)) return;
    const session = this.#all().find((one) => one.isOf(call));
    if (session !== undefined) session.follow(call);
    else if (call.phase === "ringing") this.#ring(call);
    if (!this.#all().some((one) => one.isOf(call))) this.#elsewhere(call);
  }

  #ring(call: CallState): void {
    if (call.callee_id !== this.#world.me) return;
    if (this.#current === null) {
      this.#current = this.#open();
      this.#current.ring(call);
    } else if (this.#waiting === null && this.#held === null && this.#current.isAnswered) {
      this.#waiting = this.#open();
      this.#waiting.ring(call);
    } else {
      // It came between the wish to call and the server's word: it is shown if nothing comes of that.
      this.#unshown.set(call.id, call);
    }
  }

  /** A call of this user that this page has no part in. */
  #elsewhere(call: CallState): void {
    const { abandoned } = this.view.get();
    const me = call.participants.find(({ user_id }) => user_id === this.#world.me);
    const left = call.phase === "answered" && !call.here && me?.connected === false;
    if (left) this.view.update((view) => ({ ...view, abandoned: call }));
    else if (abandoned?.id === call.id) this.view.update((view) => ({ ...view, abandoned: null }));
  }

  // The sessions.

  #all(): CallSession[] {
    return [this.#current, this.#waiting, this.#held].filter((session) => session !== null);
  }

  #open(): CallSession {
    const session = new CallSession(this.#world, (why, failed) => this.#ended(session, why, failed));
    session.view.subscribe(() => this.#show());
    return session;
  }

  /** False if one more call is one too many. */
  #makeRoom(): boolean {
    if (this.#current === null) return true;
    if (this.#held !== null || this.#waiting !== null || !this.#current.isAnswered) return false;
    this.#hold();
    return true;
  }

  #hold(): void {
    this.#held = this.#current;
    this.#current = null;
    void this.#held?.hold(true);
  }

  #ended(session: CallSession, why: Ending | null, failed: string | null): void {
    const { peerId, kind } = session.view.get();
    if (session === this.#waiting) this.#waiting = null;
    else if (session === this.#held) this.#held = null;
    else if (session === this.#current) {
      // What rang beside it rings on; what was on hold stays so until the user takes it back.
      this.#current = this.#waiting ?? this.#held;
      if (this.#waiting !== null) this.#waiting = null;
      else this.#held = null;
    }
    this.view.update((view) => ({ ...view, ending: why === null ? null : { why, peerId, kind, failed } }));
    for (const call of [...this.#unshown.values()]) this.#follow(call);
    this.#show();
  }

  #show(): void {
    const of = (session: CallSession | null) => session?.view.get() ?? null;
    this.view.update((view) => ({
      ...view,
      current: of(this.#current) ?? IDLE,
      waiting: of(this.#waiting),
      held: of(this.#held),
    }));
  }
}
