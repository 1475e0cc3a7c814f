/** A whole check, on a server and a network that the test plays: every leg, every ending, and nothing left open. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ApiError } from "../../../api/http";
import type { CallState, Findings } from "../../../api/types";
import { FakePeer, FakeStream, FakeTrack } from "../calls.test-support";
import type { PeerEvents, PeerLike, LocalTracks } from "../peer";
import { Check, type CheckView, type CheckWorld } from "./check";
import { only } from "./loopback";
import { NETWORK_LEGS, type Leg } from "./model";

const UDP = "a=candidate:1 1 udp 1 10.0.0.1 443 typ host";
const TCP = "a=candidate:2 1 tcp 1 10.0.0.1 443 typ host tcptype passive";
const ANSWER = ["v=0", UDP, TCP, "a=end-of-candidates", ""].join("\r\n");

/** Offers at once, and connects where the network lets it. */
class LoopbackPeer extends FakePeer {
  override picture = true;
  override frames = 60;
  override receive(signal: { type: string; sdp?: string }): void {
    super.receive(signal);
    this.answered = signal.sdp ?? "";
    if (this.passes(this.answered)) setTimeout(() => this.events.connection("connected"), 40);
  }
  answered = "";
  constructor(
    call: CallState,
    tracks: LocalTracks,
    events: PeerEvents,
    readonly passes: (answer: string) => boolean,
  ) {
    super(call, tracks, events);
    queueMicrotask(() => events.signal({ type: "offer", sdp: "offer" }));
  }
}

function setUp({ closed = [] as Leg[], answer = ANSWER, offset = 0, denied = [] as string[] } = {}) {
  const peers: LoopbackPeer[] = [];
  const tracks: FakeTrack[] = [];
  const gatherings: { closed: boolean }[] = [];
  const stored: Findings[] = [];
  const legServers = (["udp", "turn_udp", "turn_tcp", "turn_tls"] as const).map((leg) => ({
    leg,
    ice_server: leg === "udp" ? { urls: ["stun:chat.example:443"] } : { urls: [`${leg}:chat.example:443`], username: "u", credential: "c" },
  }));
  const passes = (sdp: string): boolean => {
    const ways: Leg[] = [...(sdp.includes(UDP) ? ["udp" as const] : []), ...(sdp.includes(TCP) ? ["tcp" as const] : [])];
    return ways.length === 2 ? !closed.includes("media_node") : ways.some((way) => !closed.includes(way));
  };
  const world: CheckWorld = {
    ping: async () => 7,
    start: vi.fn(async () => ({ id: "check", servers: legServers, media: true, server_time: Date.now() + offset })),
    offer: vi.fn(async () => answer),
    finish: vi.fn(async (_id: string, found: Findings) => void stored.push(found)),
    connection: (configuration) => {
      const leg = legServers.find(({ ice_server }) => ice_server.urls[0] === configuration.iceServers?.[0]?.urls[0])!.leg;
      const gathering = {
        closed: false,
        onicecandidate: null as ((event: object) => void) | null,
        addTransceiver: () => undefined,
        createOffer: async () => ({}),
        setLocalDescription: async () => {
          if (!closed.includes(leg)) gathering.onicecandidate?.({ candidate: { type: leg === "udp" ? "srflx" : "relay", candidate: "" } });
        },
        close: () => void (gathering.closed = true),
      };
      gatherings.push(gathering);
      return gathering as unknown as RTCPeerConnection;
    },
    peer: (call, sent, events) => {
      const peer = new LoopbackPeer(call as CallState, sent, events, passes);
      peers.push(peer);
      return peer as unknown as PeerLike;
    },
    capture: async (kind) => {
      if (denied.includes(kind)) throw new DOMException("", "NotAllowedError");
      const track = new FakeTrack(kind);
      tracks.push(track);
      return track as unknown as MediaStreamTrack;
    },
    agent: "A browser",
  };
  return { world, peers, tracks, gatherings, stored };
}

type World = ReturnType<typeof setUp>;

async function run({ world }: World, legs?: readonly Leg[], callId?: string): Promise<CheckView> {
  const check = new Check(world, legs, callId);
  const done = check.run();
  await vi.advanceTimersByTimeAsync(60_000);
  await done;
  return check.view.get();
}

function expectNothingOpen({ peers, tracks, gatherings }: World): void {
  expect(peers.every(({ closed }) => closed)).toBe(true);
  expect(tracks.every(({ readyState }) => readyState === "ended")).toBe(true);
  expect(gatherings.every(({ closed }) => closed)).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("MediaStream", FakeStream);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("an open network: every leg works, and the admin is told", async () => {
  const world = setUp();
  const view = await run(world);
  expect(view).toMatchObject({ stage: "done", verdict: "ok", stored: true, server: { host: "chat.example", port: "443" } });
  expect(Object.values(view.outcomes).every((outcome) => outcome?.ok)).toBe(true);
  expect(world.stored).toHaveLength(1);
  expect(world.stored[0]).toMatchObject({ verdict: "ok", call_id: null, agent: "A browser" });
  expect(world.stored[0]!.legs.map(({ leg }) => leg)).toContain("media_node");
  expectNothingOpen(world);
});

test("TCP to the media node is tried with no other address in its answer", async () => {
  const world = setUp();
  await run(world);
  expect(world.peers[0]!.answered).toContain(TCP);
  expect(world.peers[0]!.answered).not.toContain(UDP);
  expect(only("tcp", ["v=0", UDP].join("\r\n"))).toBeNull();
});

test("without a NAT the STUN server tells nothing new: its port is tried another way", async () => {
  const world = setUp();
  const { connection } = world.world;
  world.world.connection = (configuration) => {
    const made = connection(configuration);
    if (configuration.iceTransportPolicy === "all") made.setLocalDescription = async () => undefined;
    return made;
  };
  expect((await run(world)).outcomes.udp).toMatchObject({ ok: true });
  expect(world.peers[0]!.answered).not.toContain(TCP);
  expectNothingOpen(world);
});

test("a media node without TCP is no failure", async () => {
  const world = setUp({ answer: ["v=0", UDP].join("\r\n") });
  const view = await run(world);
  expect(view.outcomes.tcp).toBeNull();
  expect(view.verdict).toBe("ok");
});

test("the own microphone and camera go out, and what comes back is looked at", async () => {
  const world = setUp();
  const view = await run(world);
  const [, receiver, sender] = world.peers;
  expect(sender!.sent).toMatchObject({ microphone: world.tracks[0], camera: world.tracks[1] });
  expect(receiver!.sent).toMatchObject({ microphone: null, camera: null });
  expect(view.outcomes.media_node?.detail).toMatch(/60 frames/u);
});

test("a node that returns no picture does not work", async () => {
  const world = setUp();
  const { peer } = world.world;
  world.world.peer = (...args) => {
    const made = peer(...args);
    (made as unknown as LoopbackPeer).frames = 0;
    return made;
  };
  expect((await run(world)).verdict).toBe("media_node_unreachable");
  expectNothingOpen(world);
});

test.each<[Leg[], string]>([
  [["udp", "turn_udp"], "udp_blocked"],
  [["udp", "turn_udp", "turn_tcp", "tcp"], "tls_only"],
  [["udp", "turn_udp", "turn_tcp", "turn_tls", "tcp", "media_node"], "relay_unreachable"],
])("closed for %s: %s", async (closed, verdict) => {
  const world = setUp({ closed });
  const view = await run(world);
  expect(view.verdict).toBe(verdict);
  for (const leg of closed) expect(view.outcomes[leg]?.ok).toBe(false);
  expectNothingOpen(world);
});

test("without a microphone the rest is tried still", async () => {
  const world = setUp({ denied: ["microphone"] });
  const view = await run(world);
  expect(view.outcomes.microphone).toEqual({ ok: false, detail: "denied: NotAllowedError" });
  expect(view).toMatchObject({ verdict: "no_microphone", outcomes: { media_node: { ok: true } } });
});

test.each([
  [-120_000, "clock_off"],
  [3_000, "ok"],
])("a clock that differs by %d ms: %s", async (offset, verdict) => expect((await run(setUp({ offset }))).verdict).toBe(verdict));

describe("without a server", () => {
  test("nothing else is tried", async () => {
    const world = setUp();
    world.world.start = () => Promise.reject(new ApiError(0, "unreachable", ""));
    const view = await run(world);
    expect(view).toMatchObject({ stage: "done", verdict: "signalling_down", stored: null });
    expect(Object.keys(view.outcomes)).toEqual(["signalling"]);
    expectNothingOpen(world);
  });

  test("one that refuses is not out of reach", async () => {
    const world = setUp();
    world.world.start = () => Promise.reject(new ApiError(429, "too_many_requests", ""));
    expect(await run(world)).toMatchObject({ stage: "done", verdict: null, refused: "too_many_requests", stored: null });
  });

  test("a socket that is down, while requests pass", async () => {
    const world = setUp();
    world.world.ping = () => Promise.reject(new Error("no answer"));
    expect(await run(world)).toMatchObject({ verdict: "signalling_down", stored: true });
  });

  test("a result that does not arrive is said to be so", async () => {
    const world = setUp();
    world.world.finish = () => Promise.reject(new Error("unreachable"));
    expect(await run(world)).toMatchObject({ stage: "done", verdict: "ok", stored: false });
  });
});

test("after a call that failed: no device is opened, and the call is named", async () => {
  const world = setUp();
  const view = await run(world, NETWORK_LEGS, "call-7");
  expect(view.outcomes.media_node?.ok).toBe(true);
  expect(world.tracks).toEqual([]);
  expect(world.stored[0]).toMatchObject({ call_id: "call-7" });
});

test("left at any moment, nothing stays open and nothing is stored", async () => {
  for (let ms = 0; ms < 5_000; ms += 230) {
    const world = setUp({ closed: ["turn_tls"] });
    const check = new Check(world.world);
    const done = check.run();
    await vi.advanceTimersByTimeAsync(ms);
    check.stop();
    await vi.advanceTimersByTimeAsync(20_000);
    await done;
    expect(world.stored).toEqual([]);
    expectNothingOpen(world);
  }
  expect.hasAssertions();
});
