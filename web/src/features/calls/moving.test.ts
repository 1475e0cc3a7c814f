/** Another path: when a call asks for it, how it goes over without a hole, and what its relay is reached with. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { CallState } from "../../api/types";
import { expectNothingOpen, FakeStream, setUp, settle, talking, type World } from "./calls.test-support";
import { ASK_AGAIN_MS, CONNECT_MS, FRESH_MS, LINGER_MS, MOVE_AFTER_MS, MOVE_MS, OFFER_AGAIN_MS, RENEW_MS, RESTART_AFTER_MS, RESTART_MS } from "./connection";

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
const MOVED = { path: "media_node", moved_from: "direct", negotiation: 2, offerer: true } as const;
const failures = ({ sent }: World): number => sent.filter(({ type }) => type === "call_media_failed").length;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("MediaStream", FakeStream);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  sessionStorage.clear();
});

describe("another path", () => {
  test("is asked for when the direct one is not found, and then given time", async () => {
    const world = setUp("anna");
    await world.calls.call("boris", "audio");
    world.answer({ offerer: true, may_move: true });
    await pass(MOVE_AFTER_MS - 1);
    expect(failures(world)).toBe(0);
    await pass(1);
    expect(world.sent.at(-1)).toEqual({ type: "call_media_failed", call_id: "call", negotiation: 1 });
    world.answer(MOVED);
    expect(world.view()).toMatchObject({ stage: "connecting", moving: true });
    expect(world.peers.map(({ closed }) => closed)).toEqual([true, false]);
    await pass(CONNECT_MS - 1);
    world.last().events.connection("connected");
    expect(world.view()).toMatchObject({ stage: "talking", moving: false });
  });

  test("asks relays again that could not be reached, while nothing is connected", async () => {
    const world = setUp("anna");
    await world.calls.call("boris", "audio");
    world.answer({ offerer: true, path: "relayed" });
    const peer = world.last();
    for (const times of [1, 2]) {
      peer.events.unreached();
      await pass(ASK_AGAIN_MS);
      expect(peer.restart).toHaveBeenCalledTimes(times);
    }
    peer.events.unreached();
    peer.events.connection("connected");
    await pass(ASK_AGAIN_MS);
    expect(peer.restart).toHaveBeenCalledTimes(2);
  });

  test("is not asked for where the policy allows none", async () => {
    const world = setUp("anna");
    await world.calls.call("boris", "audio");
    world.answer({ offerer: true });
    await pass(CONNECT_MS);
    expect(failures(world)).toBe(0);
    expectNothingOpen(world);
  });

  test("is asked for when a restart does not help", async () => {
    const world = await talking("anna", { may_move: true });
    world.last().events.connection("disconnected");
    await pass(RESTART_AFTER_MS + RESTART_MS - 1);
    expect(failures(world)).toBe(0);
    await pass(1);
    expect(failures(world)).toBe(1);
  });

  test("what cannot be said because the socket is down is said when it is back, unless it is of yesterday", async () => {
    const world = await talking("anna", { may_move: true });
    world.world.online = false;
    world.last().events.connection("failed");
    await pass(RESTART_MS);
    world.world.online = true;
    world.hello("device-2");
    expect(failures(world)).toBe(0);
    world.answer({ offerer: true, may_move: true });
    expect(failures(world)).toBe(1);
    world.world.online = false;
    await pass(RESTART_MS);
    world.world.online = true;
    world.hello("device-3");
    world.answer(MOVED);
    expect(failures(world)).toBe(1);
  });

  test("the old one plays until the new one flows", async () => {
    const world = await talking("anna", { may_move: true });
    const old = world.last();
    const heard = new FakeStream() as unknown as MediaStream;
    old.events.remote({ person: heard, screen: null });
    world.answer(MOVED);
    const fresh = world.last();
    fresh.flowing = false;
    expect(world.view()).toMatchObject({ stage: "talking", moving: true, remote: heard });
    const after = new FakeStream() as unknown as MediaStream;
    fresh.events.remote({ person: after, screen: null });
    fresh.events.connection("connected");
    await pass(1_000);
    expect(world.view()).toMatchObject({ moving: true, remote: heard });
    expect(old.closed).toBe(false);
    // Both carry what is said meanwhile.
    await world.calls.setCamera(false);
    for (const peer of [old, fresh]) expect(peer.sent.camera).toBeNull();
    fresh.flowing = true;
    await pass(500);
    expect(world.view()).toMatchObject({ moving: false, remote: after, interrupted: false });
    // The other side may still listen to it.
    await world.calls.setCamera(true);
    for (const peer of [old, fresh]) expect(peer.sent.camera).not.toBeNull();
    await pass(LINGER_MS);
    expect(old.closed).toBe(true);
    world.calls.hangUp();
    expectNothingOpen(world);
  });

  test("the old one is not kept for ever, and nothing that it says counts", async () => {
    const world = await talking("anna", { may_move: true });
    const old = world.last();
    world.answer(MOVED);
    const said = world.sent.length;
    old.events.signal({ type: "candidate", candidate: "late" });
    expect(world.sent.length).toBe(said);
    await pass(MOVE_MS + 1);
    expect(old.closed).toBe(true);
    await pass(CONNECT_MS);
    expect(world.calls.view.get().ending).toMatchObject({ why: "mediaNode" });
    expectNothingOpen(world);
  });

  test("hung up in the middle of a move", async () => {
    const world = await talking("anna", { may_move: true });
    world.answer(MOVED);
    world.calls.hangUp();
    expectNothingOpen(world);
  });
});

describe("a network that lets out nothing but TLS", () => {
  const RELAYED = { path: "relayed", moved_from: "direct", negotiation: 2 } as const;
  const answered = { type: "call_signal", call_id: "call", signal: { type: "answer", sdp: "" } } as const;

  /** Talks for a second, and then nothing comes any more. */
  async function silenced(state = {}): Promise<World> {
    const world = await talking("anna", { may_move: true, ...state });
    await pass(1_000);
    world.last().flowing = false;
    return world;
  }

  test("the call is moved in little more than a second, and goes on by itself", async () => {
    const world = await silenced();
    await pass(800);
    expect(world.last().restart).toHaveBeenCalledOnce();
    expect(world.doubtLine).toHaveBeenCalledOnce();
    expect(failures(world)).toBe(0);
    world.calls.receive(answered);
    await pass(800);
    expect(failures(world)).toBe(1);
    world.answer(RELAYED);
    const [old, fresh] = world.peers;
    expect(fresh!.call.path).toBe("relayed");
    expect(world.view()).toMatchObject({ stage: "talking", moving: true });
    const heard = new FakeStream() as unknown as MediaStream;
    fresh!.events.remote({ person: heard, screen: null });
    fresh!.events.connection("connected");
    await pass(500);
    expect(world.view()).toMatchObject({ moving: false, remote: heard });
    await pass(LINGER_MS);
    expect(old!.closed).toBe(true);
  });

  test("a socket that broke with it: said as soon as the next one is there", async () => {
    const world = await silenced();
    await pass(1_800);
    expect(failures(world)).toBe(0);
    world.hello("device-2");
    world.answer({ offerer: true, may_move: true });
    await settle();
    expect(failures(world)).toBe(1);
  });

  test("a hiccup of a good line moves nothing", async () => {
    const world = await silenced();
    await pass(900);
    world.calls.receive(answered);
    world.last().flowing = true;
    await pass(10_000);
    expect(failures(world)).toBe(0);
    expect(world.last().restart).toHaveBeenCalledOnce();
  });

  test("a line that is pulled for four seconds moves nothing: media is back before the socket", async () => {
    const world = await silenced();
    await pass(4_000);
    world.last().flowing = true;
    await pass(300);
    world.hello("device-2");
    world.answer({ offerer: true, may_move: true });
    world.calls.receive(answered);
    await pass(10_000);
    expect(failures(world)).toBe(0);
  });

  test("a microphone from which nothing comes is no closed way: the other side answers its checks", async () => {
    const world = await silenced();
    await pass(600);
    world.calls.receive(answered);
    for (let i = 0; i < 8; i += 1) {
      world.last().answers += 1;
      await pass(400);
    }
    expect(failures(world)).toBe(0);
  });

  test("is not looked for where the call may not move", async () => {
    const world = await silenced({ may_move: false });
    world.calls.receive(answered);
    await pass(2_500);
    expect(world.last().restart).not.toHaveBeenCalled();
    expect(failures(world)).toBe(0);
  });

  test("at the start of a call: a browser that has given up is not waited for", async () => {
    const world = setUp("anna");
    await world.calls.call("boris", "audio");
    world.answer({ offerer: true, may_move: true });
    await pass(1_000);
    world.last().events.connection("failed");
    expect(failures(world)).toBe(1);
  });

  test("what the old peer says as it dies is not taken for the new one's word", async () => {
    const world = await silenced();
    world.answer(RELAYED);
    const [old, fresh] = world.peers;
    fresh!.events.connection("connected");
    old!.events.connection("failed");
    await pass(0);
    expect(fresh!.restart).not.toHaveBeenCalled();
    expect(world.view().interrupted).toBe(false);
  });

  test("an offer that came to a dead socket is said again until the other side is there", async () => {
    const world = await silenced();
    world.answer({ ...RELAYED, offerer: true });
    await pass(2 * OFFER_AGAIN_MS);
    expect(world.last().remind).toHaveBeenCalledTimes(2);
    world.last().events.connection("connected");
    await pass(2 * OFFER_AGAIN_MS);
    expect(world.last().remind).toHaveBeenCalledTimes(2);
  });

  test("on command: from the direct path to the media node and on, one after another", async () => {
    const world = await talking("anna");
    for (const [i, path] of (["media_node", "relayed"] as const).entries()) {
      const before = world.last();
      world.answer({ path, moved_from: before.call.path!, negotiation: 2 + i, offerer: true });
      expect(world.last()).not.toBe(before);
      expect(before.closed).toBe(false);
      world.last().events.connection("connected");
      await pass(300);
      expect(world.view()).toMatchObject({ stage: "talking", moving: false });
    }
    expect(world.peers.map(({ closed }) => closed)).toEqual([true, false, false]);
    world.calls.hangUp();
    expectNothingOpen(world);
  });
});

describe("the credentials of a relay", () => {
  const turn = (credential: string): Pick<CallState, "path" | "offerer" | "ice_servers"> => ({
    path: "relayed",
    offerer: true,
    ice_servers: [{ urls: ["turn:host"], username: "u", credential }],
  });

  test("that come with a later state are taken over without a new negotiation", async () => {
    const world = await talking("anna", turn("first"));
    expect(world.last().renew).not.toHaveBeenCalled();
    world.answer(turn("second"));
    expect(world.peers.length).toBe(1);
    expect(world.last().renew).toHaveBeenCalledExactlyOnceWith(turn("second").ice_servers);
    expect(world.last().restart).not.toHaveBeenCalled();
  });

  test("are renewed before a restart when they are old, and only then", async () => {
    const world = await talking("anna", turn("first"));
    world.calls.networkChanged();
    expect(world.iceServers).not.toHaveBeenCalled();
    expect(world.last().restart).toHaveBeenCalledTimes(1);
    await pass(FRESH_MS);
    world.iceServers.mockResolvedValueOnce(turn("fresh").ice_servers);
    world.calls.networkChanged();
    expect(world.last().restart).toHaveBeenCalledTimes(1);
    await settle();
    expect(world.iceServers).toHaveBeenCalledExactlyOnceWith("call");
    expect(world.last().renew).toHaveBeenCalledExactlyOnceWith(turn("fresh").ice_servers);
    expect(world.last().restart).toHaveBeenCalledTimes(2);
  });

  test.each([
    ["refused", () => Promise.reject(new Error("404"))],
    ["not answered", () => new Promise<never>(() => undefined)],
  ])("%s: the restart goes on with the old ones", async (_, answer) => {
    const world = await talking("anna", turn("first"));
    await pass(FRESH_MS);
    world.iceServers.mockImplementation(answer);
    world.calls.networkChanged();
    await pass(RENEW_MS);
    expect(world.last().renew).not.toHaveBeenCalled();
    expect(world.last().restart).toHaveBeenCalledOnce();
    world.calls.hangUp();
    expectNothingOpen(world);
  });
});
