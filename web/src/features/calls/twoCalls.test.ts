/** Hold, a second call, and going to and fro between the two. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { CallState } from "../../api/types";
import { away, expectNothingOpen, FakeStream, talking, type World } from "./calls.test-support";

/** Clara calls Anna, who talks with Boris. */
const SECOND: Partial<CallState> = {
  id: "second",
  client_key: "clara's",
  caller_id: "clara",
  callee_id: "anna",
  kind: "audio",
  waiting: true,
  participants: [
    { user_id: "clara", microphone: true, camera: false, screen: false, on_hold: false, connected: true },
    { user_id: "anna", microphone: true, camera: false, screen: false, on_hold: false, connected: true },
  ],
};
const answerSecond = (world: World): void => world.answer({ ...SECOND, waiting: false });

/** Anna has Boris on hold and talks with Clara. */
async function both(): Promise<World> {
  const world = await talking();
  world.tell(SECOND);
  await world.calls.answerWaiting("hold");
  answerSecond(world);
  world.last().events.connection("connected");
  return world;
}

const peers = (world: World): string[] => world.peers.map(({ call }) => call.id);

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("MediaStream", FakeStream);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("on hold", () => {
  test("no device is open, nothing is heard, the connection stays, and it is told", async () => {
    const world = await talking();
    const heard = new FakeStream() as unknown as MediaStream;
    world.last().events.remote({ person: heard, screen: null });
    await world.calls.setScreen(true);
    await world.calls.hold(true);
    expect(world.live()).toBe(0);
    expect(world.view()).toMatchObject({ stage: "talking", onHold: true, remote: null, localVideo: null, screen: false, localScreen: null });
    expect(world.last()).toMatchObject({ closed: false, sent: { microphone: null, camera: null, screen: null } });
    expect(world.sent.at(-1)).toMatchObject({ type: "call_media", on_hold: true, microphone: true, camera: false });
    await world.calls.hold(false);
    expect(world.view()).toMatchObject({ onHold: false, remote: heard, microphone: true, camera: true, screen: false });
    expect(world.last().sent.microphone).toBe(world.tracks.at(-2));
    expect(world.sent.at(-1)).toMatchObject({ on_hold: false, camera: true });
    world.calls.hangUp();
    expectNothingOpen(world);
  });

  test("muted before, muted after; also if it was muted meanwhile", async () => {
    const world = await talking();
    await world.calls.setCamera(false);
    await world.calls.hold(true);
    world.calls.setMicrophone(false);
    await world.calls.hold(false);
    expect(world.tracks.at(-1)).toMatchObject({ kind: "audio", enabled: false });
    expect(world.view()).toMatchObject({ microphone: false, camera: false });
    expect(world.live()).toBe(1);
  });

  test("held again before the browser has answered: nothing stays open", async () => {
    const world = await talking();
    await world.calls.hold(true);
    const resumed = world.calls.hold(false);
    await world.calls.hold(true);
    await resumed;
    expect(world.live()).toBe(0);
    expect(world.view().onHold).toBe(true);
  });

  test("a microphone that is refused leaves it on hold and says why", async () => {
    const world = await talking();
    await world.calls.setCamera(false);
    await world.calls.hold(true);
    world.getUserMedia.mockRejectedValue(new DOMException("", "NotAllowedError"));
    await world.calls.hold(false);
    expect(world.view()).toMatchObject({ stage: "talking", onHold: true, mediaError: { code: "denied", device: "microphone" } });
  });

  test("a new negotiation sends nothing", async () => {
    const world = await talking();
    await world.calls.hold(true);
    world.answer({ offerer: true, negotiation: 2 });
    expect(world.last().sent).toEqual({ microphone: null, camera: null, screen: null });
    expect(world.sent.at(-1)).toMatchObject({ type: "call_media", on_hold: true });
  });
});

describe("a second call", () => {
  test("waits while one talks, and a third waits for its turn", async () => {
    const world = await talking();
    world.tell(SECOND);
    world.tell({ ...SECOND, id: "third", client_key: "vera's", caller_id: "vera" });
    expect(world.calls.view.get()).toMatchObject({ current: { stage: "talking", peerId: "boris" }, waiting: { stage: "incoming", peerId: "clara" } });
    expect(world.getUserMedia).toHaveBeenCalledTimes(1);
    world.calls.declineWaiting();
    expect(world.sent.at(-1)).toEqual({ type: "call_decline", call_id: "second" });
    expect(world.calls.view.get()).toMatchObject({ current: { stage: "talking" }, waiting: { peerId: "vera" } });
    world.tell({ ...SECOND, id: "third", client_key: "vera's", caller_id: "vera", phase: "ended", outcome: "cancelled" });
    expect(world.calls.view.get().waiting).toBeNull();
  });

  test("is answered, with the first on hold", async () => {
    const world = await both();
    expect(world.calls.view.get()).toMatchObject({
      current: { stage: "talking", peerId: "clara", onHold: false },
      held: { stage: "talking", peerId: "boris", onHold: true },
      waiting: null,
    });
    expect(peers(world)).toEqual(["call", "second"]);
    expect(world.tracks.filter(({ readyState }) => readyState === "live").map(({ kind }) => kind)).toEqual(["audio"]);
    expect(world.peers[0]!.sent.microphone).toBeNull();
    expect(world.peers[1]!.sent.microphone).toBe(world.tracks.at(-1));
    world.calls.hangUp();
    world.calls.hangUp();
    expectNothingOpen(world);
  });

  test("is answered, with the first ended", async () => {
    const world = await talking();
    world.tell(SECOND);
    await world.calls.answerWaiting("end");
    expect(world.types().slice(-2)).toEqual(["call_hang_up", "call_accept"]);
    answerSecond(world);
    expect(world.calls.view.get()).toMatchObject({ current: { peerId: "clara" }, held: null, waiting: null });
    expect(world.peers[0]!.closed).toBe(true);
  });

  test("is cancelled by its caller, or rings as the only one when the first ends", async () => {
    const world = await talking();
    world.tell(SECOND);
    world.tell({ ...SECOND, phase: "ended", outcome: "cancelled" });
    expect(world.calls.view.get().waiting).toBeNull();
    world.tell({ ...SECOND, id: "third", client_key: "again" });
    world.tell({ phase: "ended", outcome: "completed" });
    expect(world.calls.view.get()).toMatchObject({ current: { stage: "incoming", peerId: "clara" }, waiting: null });
    expect(world.live()).toBe(0);
  });

  test("a microphone that fails it leaves it ringing, and the first on hold", async () => {
    const world = await talking();
    world.tell(SECOND);
    world.getUserMedia.mockRejectedValueOnce(new DOMException("", "NotReadableError"));
    await world.calls.answerWaiting("hold");
    expect(world.calls.view.get()).toMatchObject({ current: { stage: "incoming", mediaError: { code: "busy" } }, held: { onHold: true } });
    world.calls.decline();
    expect(world.view()).toMatchObject({ peerId: "boris", onHold: true, stage: "talking" });
    await world.calls.hold(false);
    expect(world.live()).toBe(2);
  });
});

describe("two calls", () => {
  test("change places", async () => {
    const world = await both();
    await world.calls.swap();
    expect(world.calls.view.get()).toMatchObject({ current: { peerId: "boris", onHold: false, camera: true }, held: { peerId: "clara", onHold: true } });
    expect(world.live()).toBe(2);
    expect(world.peers[1]!.sent.microphone).toBeNull();
    expect(world.calls.connection).toBe(world.peers[0]!.connection);
  });

  test("swapped twice in one breath: only one is open", async () => {
    const world = await both();
    await Promise.all([world.calls.swap(), world.calls.swap()]);
    expect(world.calls.view.get()).toMatchObject({ current: { peerId: "clara", onHold: false }, held: { peerId: "boris", onHold: true } });
    expect(world.live()).toBe(1);
  });

  test("what rings is not put on hold", async () => {
    const world = await talking();
    await world.calls.call("clara", "audio");
    await world.calls.swap();
    expect(world.calls.view.get()).toMatchObject({ current: { peerId: "clara", stage: "outgoing" }, held: { peerId: "boris" } });
  });

  test.each(["hung up", "lost"])("the held one is %s, and the other talks on", async (how) => {
    const world = await both();
    if (how === "lost") world.tell({ phase: "ended", outcome: "lost" });
    else world.calls.hangUpHeld();
    expect(world.calls.view.get()).toMatchObject({ current: { peerId: "clara", stage: "talking", onHold: false }, held: null });
    expect(world.peers.map(({ closed }) => closed)).toEqual([true, false]);
    expect(world.live()).toBe(1);
  });

  test("when the talking one ends, the held one waits to be taken back", async () => {
    const world = await both();
    world.tell({ ...SECOND, phase: "ended", outcome: "completed" });
    expect(world.calls.view.get()).toMatchObject({ current: { peerId: "boris", onHold: true }, held: null, ending: { why: "completed", peerId: "clara", kind: "audio" } });
    expect(world.live()).toBe(0);
    await world.calls.hold(false);
    expect(world.live()).toBe(2);
  });

  test("a broken socket resumes both", async () => {
    const world = await both();
    world.sent.length = 0;
    world.hello("device-2");
    expect(world.sent.map((frame) => "call_id" in frame && frame.call_id)).toEqual(["second", "call"]);
    world.answer({ offerer: true });
    answerSecond(world);
    expect(world.peers.length).toBe(2);
  });

  test("another device takes the held one", async () => {
    const world = await both();
    world.tell({ phase: "answered", here: false, negotiation: 2 });
    expect(world.calls.view.get()).toMatchObject({ current: { peerId: "clara" }, held: null, ending: { why: "elsewhere" } });
  });

  test("one that another device left can be taken beside the one that talks", async () => {
    const world = await talking();
    world.tell({ ...SECOND, waiting: false, phase: "answered", here: false, negotiation: 1, participants: SECOND.participants!.map((one) => ({ ...one, connected: one.user_id !== "anna" })) });
    expect(world.calls.view.get().abandoned?.id).toBe("second");
    await world.calls.takeOver();
    expect(world.calls.view.get()).toMatchObject({ current: { peerId: "clara" }, held: { peerId: "boris", onHold: true }, abandoned: null });
    expect(away("anna")[0]!.connected).toBe(false);
  });
});
