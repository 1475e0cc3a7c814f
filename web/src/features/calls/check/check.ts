/**
 * A check of the connection, without React: tries one leg after another, tells what comes of each, judges, and stores the result for
 * the admin. Whatever it opens it lets go of, at its end and when it is stopped.
 */
import { ApiError, codeOf } from "../../../api/http";
import type { Findings, IceServer, LoopbackEnd } from "../../../api/types";
import { Store } from "../../../lib/store";
import { mediaError } from "../media";
import { toServers, type LocalTracks, type PeerLike } from "../peer";
import { gather, type MakeConnection } from "./gather";
import { joinNode, LISTEN_MS, only, whatReturned, type End, type EndOptions, type LoopbackWorld, type Returned } from "./loopback";
import { LEGS, toResults, type CheckVerdict, type Leg, type Outcome, type Outcomes, type StartedCheck } from "./model";
import { judge } from "./verdict";

export interface CheckWorld {
  /** Milliseconds to the server and back over the page's socket; rejects if that is down. */
  ping(): Promise<number>;
  start(): Promise<StartedCheck>;
  offer(id: string, end: LoopbackEnd, sdp: string): Promise<string>;
  finish(id: string, findings: Findings): Promise<void>;
  connection: MakeConnection;
  peer: LoopbackWorld["peer"];
  capture(kind: "microphone" | "camera"): Promise<MediaStreamTrack>;
  agent: string;
}

export interface CheckView {
  stage: "ready" | "running" | "done";
  /** The leg that is being tried. */
  running: Leg | null;
  outcomes: Outcomes;
  verdict: CheckVerdict | null;
  /** Whether the admin has it; null until that is tried. */
  stored: boolean | null;
  /** Why there was no check at all: the server's code. */
  refused: string | null;
  microphone: MediaStreamTrack | null;
  camera: MediaStreamTrack | null;
  /** The own picture as it came back. */
  returned: MediaStream | null;
  figures: Returned | null;
  /** Where the relay is, for those who have to let it through. */
  server: { host: string; port: string } | null;
}

export const NO_CHECK: CheckView = {
  stage: "ready",
  running: null,
  outcomes: {},
  verdict: null,
  stored: null,
  refused: null,
  microphone: null,
  camera: null,
  returned: null,
  figures: null,
  server: null,
};

/** A clock that is off by more makes certificates and times look wrong. */
const CLOCK_MS = 60_000;
const STRAIGHT_MS = 5_000;
const LOOK_MS = 500;
const AGENT = 300;

export class Check {
  readonly view = new Store<CheckView>(NO_CHECK);
  readonly #world: CheckWorld;
  readonly #legs: readonly Leg[];
  readonly #callId: string | null;
  readonly #stop = new AbortController();
  readonly #peers = new Set<PeerLike>();
  #started: StartedCheck | null = null;
  /** The server's clock less ours, as of the start. */
  #clockMs = 0;

  /** `callId`: of a call that failed, whose reason is looked for. */
  constructor(world: CheckWorld, legs: readonly Leg[] = LEGS, callId: string | null = null) {
    this.#world = world;
    this.#legs = legs;
    this.#callId = callId;
  }

  /** Once. Resolves when it is done or stopped. */
  async run(): Promise<void> {
    this.#show({ stage: "running" });
    for (const leg of this.#legs) {
      if (this.#isStopped) return;
      this.#show({ running: leg });
      const outcome = await this.#try(leg);
      this.#show({ outcomes: { ...this.view.get().outcomes, [leg]: outcome } });
      // Without the server there is nothing else to try.
      if (leg === "signalling" && this.#started === null) break;
    }
    this.#letGo();
    if (this.#isStopped) return;
    const { outcomes, refused } = this.view.get();
    this.#show({ stage: "done", running: null, verdict: refused === null ? judge(outcomes) : null });
    await this.#store();
  }

  /** Lets go of everything, whatever is going on. */
  stop(): void {
    this.#stop.abort();
    this.#letGo();
  }

  get #isStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  async #try(leg: Leg): Promise<Outcome> {
    try {
      return await this.#leg(leg);
    } catch (error) {
      return { ok: false, detail: error instanceof Error ? error.message : String(error) };
    }
  }

  async #leg(leg: Leg): Promise<Outcome> {
    switch (leg) {
      case "signalling":
        return this.#signalling();
      case "clock":
        return { ok: Math.abs(this.#clockMs) <= CLOCK_MS, detail: `${(Math.round(this.#clockMs / 100) / 10 || 0).toFixed(1)} s` };
      case "udp":
        return this.#udp();
      case "turn_udp":
      case "turn_tcp":
      case "turn_tls":
        return this.#gather(leg, "relay");
      case "tcp":
        return this.#straight("tcp");
      case "microphone":
      case "camera":
        return this.#device(leg);
      case "media_node":
        return this.#loopback();
    }
  }

  async #signalling(): Promise<Outcome> {
    const since = Date.now();
    try {
      this.#started = await this.#world.start();
    } catch (error) {
      const refused = error instanceof ApiError && !(error.status === 0 || error.status >= 500);
      if (refused) this.#show({ refused: codeOf(error) });
      return { ok: false, detail: codeOf(error) };
    }
    this.#show({ server: addressIn(this.#started.servers[0]?.ice_server.urls[0] ?? "") });
    this.#clockMs = this.#started.server_time - (since + Date.now()) / 2;
    return { ok: true, ms: await this.#world.ping() };
  }

  async #gather(leg: Leg, wanted: "relay" | "srflx"): Promise<Outcome> {
    const server = this.#started?.servers.find((one) => one.leg === leg)?.ice_server;
    const [used] = server === undefined ? [] : toServers([server]);
    return used === undefined ? null : gather(this.#world.connection, used, wanted, this.#stop.signal);
  }

  async #udp(): Promise<Outcome> {
    const outcome = await this.#gather("udp", "srflx");
    if (outcome?.ok !== false || this.#isStopped) return outcome;
    // Without a NAT the STUN server tells nothing new, and the browser tells nothing at all: is its port within reach?
    return (await this.#straight("udp").catch(() => null)) ?? outcome;
  }

  /** To the port of the media node without anything in between, over one protocol. */
  async #straight(protocol: "udp" | "tcp"): Promise<Outcome> {
    if (this.#started?.media !== true) return null;
    const answer = (sdp: string): string | null => only(protocol, sdp);
    const { peer, connected } = this.#join("receiver", { servers: [], withinMs: STRAIGHT_MS, answer });
    try {
      const ms = await connected;
      return ms === null ? null : { ok: true, ms };
    } finally {
      this.#close(peer);
    }
  }

  async #device(kind: "microphone" | "camera"): Promise<Outcome> {
    try {
      const track = await this.#world.capture(kind);
      if (this.#isStopped) track.stop();
      else this.#show({ [kind]: track });
      return { ok: true, detail: track.label };
    } catch (error) {
      const { code, cause_name } = mediaError(error);
      return { ok: false, detail: `${code}: ${cause_name}` };
    }
  }

  async #loopback(): Promise<Outcome> {
    if (this.#started?.media !== true) return null;
    const { microphone, camera } = this.view.get();
    const servers = this.#started.servers.map(({ ice_server }) => ice_server).filter(({ credential }) => credential != null);
    const tracks: LocalTracks = { microphone, camera, screen: null };
    const receiver = this.#join("receiver", { servers, remote: ({ person }) => this.#show({ returned: person }) });
    const sender = this.#join("sender", { servers, tracks });
    const times = await Promise.all([sender.connected, receiver.connected]);
    const ms = Math.max(...times.map((time) => time ?? 0));
    const sends = microphone !== null || camera !== null;
    if (!sends) return { ok: true, ms };
    const figures = await this.#listen(sender.peer, receiver.peer);
    const heard = microphone === null || figures.soundPackets > 0;
    const seen = camera === null || figures.frames > 0;
    const { roundTripMs, lossPercent, soundPackets, frames } = figures;
    const detail = `round trip ${roundTripMs ?? "?"} ms, loss ${lossPercent?.toFixed(1) ?? "?"} %, ${soundPackets} packets of sound, ${frames} frames`;
    return { ok: heard && seen, ms, detail };
  }

  /** For as long as one needs to see oneself and say something. */
  async #listen(sender: PeerLike, receiver: PeerLike): Promise<Returned> {
    for (let ms = 0; ms < LISTEN_MS && !this.#isStopped; ms += LOOK_MS) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      if (!this.#isStopped) this.#show({ figures: await whatReturned(sender, receiver) });
    }
    return this.view.get().figures ?? { soundPackets: 0, frames: 0, roundTripMs: null, lossPercent: null };
  }

  #join(end: LoopbackEnd, options: EndOptions & { servers: IceServer[] }): End {
    const { peer, offer } = this.#world;
    const id = this.#started?.id ?? "";
    const joined = joinNode({ peer, offer: (which, sdp) => offer(id, which, sdp) }, end, options);
    this.#peers.add(joined.peer);
    return joined;
  }

  #close(peer: PeerLike): void {
    this.#peers.delete(peer);
    peer.close();
  }

  async #store(): Promise<void> {
    const { outcomes, verdict } = this.view.get();
    if (this.#started === null || verdict === null) return;
    const findings = { legs: toResults(outcomes), verdict, call_id: this.#callId, agent: this.#world.agent.slice(0, AGENT) };
    const stored = await this.#world.finish(this.#started.id, findings).then(
      () => true,
      () => false,
    );
    this.#show({ stored });
  }

  #letGo(): void {
    for (const peer of [...this.#peers]) this.#close(peer);
    const { microphone, camera } = this.view.get();
    microphone?.stop();
    camera?.stop();
    this.view.update((view) => ({ ...view, microphone: null, camera: null, returned: null }));
  }

  #show(change: Partial<CheckView>): void {
    if (!this.#isStopped) this.view.update((view) => ({ ...view, ...change }));
  }
}

function addressIn(url: string): CheckView["server"] {
  const [, host, port] = /^\w+:(.+):(\d+)(?:\?|$)/u.exec(url) ?? [];
  return host === undefined || port === undefined ? null : { host, port };
}
