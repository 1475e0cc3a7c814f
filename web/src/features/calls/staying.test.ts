/** Staying connected: restarts, silence, a reload, and what a thin line does to the picture. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { away, CALL, expectNothingOpen, FakeStream, setUp, settle, talking, type World } from "./calls.test-support";
import { CONNECT_MS, LOST_MS, RESTART_AFTER_MS, RESTART_MS } from "./connection";
import { LONG_SILENCE, LOOK_MS, STANDS } from "./gauge";
import { RELEASE_MS } from "./speaking";

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
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

describe("a broken way", () => {
  test("is looked for again until it is there, and the call talks on", async () => {
    const world = await talking();
    world.last().events.connection("disconnected");
    expect(world.view()).toMatchObject({ stage: "talking", interrupted: true });
    await pass(RESTART_AFTER_MS);
    expect(world.last().restart).toHaveBeenCalledTimes(1);
    await pass(2 * RESTART_MS);
    expect(world.last().restart).toHaveBeenCalledTimes(3);
    world.last().events.connection("connected");
    await pass(LOST_MS);
    expect(world.view()).toMatchObject({ stage: "talking", interrupted: false });
    expect(world.last().restart).toHaveBeenCalledTimes(3);
    expect(failures(world)).toBe(0);
  });

  test("that has failed is not waited for", async () => {
    const world = await talking();
    world.last().events.connection("failed");
    await pass(0);
    expect(world.last().restart).toHaveBeenCalledOnce();
  });

  test("another network: new ways are looked for at once, and nothing is interrupted", async () => {
    const world = await talking();
    world.calls.networkChanged();
    expect(world.last().restart).toHaveBeenCalledOnce();
    expect(world.doubtLine).toHaveBeenCalledOnce();
    await pass(LOST_MS);
    expect(world.last().restart).toHaveBeenCalledOnce();
    expect(world.view().interrupted).toBe(false);
  });

  test("what went nowhere with the old socket is looked for again over the new one", async () => {
    const world = await talking();
    world.hello("device-2");
    world.answer({ offerer: true });
    expect(world.last().restart).not.toHaveBeenCalled();
    world.calls.networkChanged();
    world.last().connection.signalingState = "have-local-offer";
    world.hello("device-3");
    world.answer({ offerer: true });
    expect(world.last().restart).toHaveBeenCalledTimes(2);
  });

  test("a call that only connects is not restarted by another network", async () => {
    const world = setUp("anna");
    await world.calls.call("boris", "audio");
    world.answer({ offerer: true });
    world.calls.networkChanged();
    expect(world.last().restart).not.toHaveBeenCalled();
  });
});

describe("silence", () => {
  const muted = CALL.participants.map((one) => ({ ...one, microphone: one.user_id === "anna" }));

  test("of a side that should be heard: new ways, then another path, and never an end by itself", async () => {
    const world = await talking("anna", { may_move: true });
    await pass(2 * LOOK_MS);
    world.last().flowing = false;
    await pass(4 * LOOK_MS);
    // At the first moment of silence, and when it lasts.
    expect(world.last().restart).toHaveBeenCalledTimes(2);
    expect(world.doubtLine).toHaveBeenCalledTimes(2);
    expect(world.view().interrupted).toBe(false);
    expect(failures(world)).toBe(0);
    await pass(LONG_SILENCE * LOOK_MS);
    expect(world.view().interrupted).toBe(true);
    expect(failures(world)).toBe(1);
    await pass(2 * LOST_MS);
    expect(world.stage()).toBe("talking");
    world.last().flowing = true;
    await pass(LOOK_MS);
    expect(world.view().interrupted).toBe(false);
  });

  test("from the very beginning is no connection", async () => {
    const world = await talking();
    world.last().flowing = false;
    await pass((LONG_SILENCE + 2) * LOOK_MS + LOST_MS);
    expect(world.calls.view.get().ending).toMatchObject({ why: "lost" });
    expectNothingOpen(world);
  });

  test("of a side that is muted, on hold or away is none", async () => {
    const held = CALL.participants.map((one) => ({ ...one, on_hold: true }));
    for (const participants of [muted, held, away("boris")]) {
      const world = await talking();
      world.answer({ offerer: true, participants });
      world.last().flowing = false;
      await pass(2 * LOST_MS);
      expect(world.view()).toMatchObject({ stage: "talking", interrupted: false });
      expect(world.last().restart).not.toHaveBeenCalled();
      world.calls.hangUp();
    }
  });
});

describe("a thin line", () => {
  test("takes the picture before the sound, and gives it back", async () => {
    const world = await talking();
    expect(world.last().shape).toHaveBeenLastCalledWith("none");
    world.last().fractionLost = 0.2;
    await pass(4 * LOOK_MS);
    expect(world.view().pictureLimited).toBe("reduced");
    expect(world.last().shape).toHaveBeenLastCalledWith("reduced");
    world.last().fractionLost = 0.4;
    await pass(3 * LOOK_MS);
    expect(world.view()).toMatchObject({ pictureLimited: "paused", quality: { level: "poor", reason: "loss", who: "me" } });
    expect(world.last().shape).toHaveBeenLastCalledWith("paused");
    world.last().fractionLost = 0;
    await pass(30 * LOOK_MS);
    expect(world.view().pictureLimited).toBe("none");
    expect(world.last().shape).toHaveBeenLastCalledWith("none");
  });

  test("is not told of where no picture is sent", async () => {
    const world = await talking();
    await world.calls.setCamera(false);
    world.last().fractionLost = 0.2;
    await pass(8 * LOOK_MS);
    expect(world.view().pictureLimited).toBe("none");
  });
});

describe("a picture that stands still", () => {
  test("is told of while its sound comes, until it moves again", async () => {
    const world = await talking();
    Object.assign(world.last(), { picture: true, frames: 20 });
    await pass(STANDS * LOOK_MS);
    expect(world.view().pictureStands).toBe(false);
    await pass(2 * LOOK_MS);
    expect(world.view().pictureStands).toBe(true);
    world.last().frames = 21;
    await pass(LOOK_MS);
    expect(world.view().pictureStands).toBe(false);
  });

  test("is none where nothing comes at all, or no picture ever did", async () => {
    const world = await talking();
    world.last().picture = true;
    await pass(6 * LOOK_MS);
    expect(world.view().pictureStands).toBe(false);
    Object.assign(world.last(), { frames: 20, flowing: false });
    await pass(6 * LOOK_MS);
    expect(world.view().pictureStands).toBe(false);
  });
});

test("who speaks is shown at once, and for a moment after", async () => {
  const world = await talking();
  world.last().levels.mockResolvedValue({ me: 0, other: 0.3 });
  await pass(200);
  expect(world.view().speaking).toEqual({ me: false, other: true });
  world.last().levels.mockResolvedValue({ me: 0, other: 0 });
  await pass(200);
  expect(world.view().speaking.other).toBe(true);
  await pass(RELEASE_MS + 200);
  expect(world.view().speaking.other).toBe(false);
});

describe("a reload", () => {
  /** The page goes, and another one is loaded in its tab. */
  async function reload(before: World, me: "anna" | "boris", options = {}): Promise<World> {
    before.calls.leave();
    expectNothingOpen(before);
    const world = setUp(me, options);
    await settle();
    return world;
  }

  test("returns into the call by itself, as muted as before; devices are opened once the server lets it", async () => {
    const before = await talking();
    before.calls.setMicrophone(false);
    const world = await reload(before, "anna");
    expect(before.types().at(-1)).toBe("call_leave");
    expect(world.sent).toEqual([{ type: "call_accept", call_id: "call", previous_device_id: "device-1", anew: true }]);
    expect(world.view()).toMatchObject({ stage: "connecting", peerId: "boris", microphone: false });
    expect(world.getUserMedia).not.toHaveBeenCalled();
    world.answer({ offerer: true, negotiation: 2 });
    world.calls.receive({ type: "call_signal", call_id: "call", signal: { type: "offer", sdp: "" } });
    await settle();
    expect(world.last().received).toEqual(["offer"]);
    expect(world.tracks.map(({ kind, enabled }) => [kind, enabled])).toEqual([["audio", false], ["video", true]]);
    expect(world.sent.at(-1)).toMatchObject({ type: "call_media", microphone: false, camera: true });
    world.last().events.connection("connected");
    expect(world.view()).toMatchObject({ stage: "talking", microphone: false, camera: true });
    world.calls.hangUp();
    expectNothingOpen(world);
  });

  test("asks where the browser would ask", async () => {
    const world = await reload(await talking(), "anna", { granted: false });
    expect(world.sent).toEqual([]);
    world.tell({ phase: "answered", here: false, negotiation: 1, participants: away("anna") });
    expect(world.calls.view.get().abandoned?.id).toBe("call");
    await world.calls.takeOver();
    expect(world.sent).toEqual([{ type: "call_accept", call_id: "call", previous_device_id: "device-1", anew: true }]);
  });

  test("too late: the call has ended, and that is no error", async () => {
    const world = await reload(await talking(), "anna");
    world.calls.receive({ type: "error", code: "no_such_call", message: "", call_id: "call", client_key: null });
    expect(world.calls.view.get().ending).toMatchObject({ why: "completed" });
    expect(world.getUserMedia).not.toHaveBeenCalled();
    world.hello("device-2");
    await settle();
    expect(world.types()).toEqual(["call_accept"]);
    expectNothingOpen(world);
  });

  test("nobody answers: it is given up", async () => {
    const world = await reload(await talking(), "anna");
    await pass(CONNECT_MS);
    expect(world.calls.view.get().ending).toMatchObject({ why: "socket" });
    expectNothingOpen(world);
  });

  test("on hold, it is on hold again, and no device is opened", async () => {
    const before = await talking();
    await before.calls.hold(true);
    const world = await reload(before, "anna");
    world.answer({ offerer: true, negotiation: 2 });
    expect(world.view()).toMatchObject({ onHold: true });
    expect(world.getUserMedia).not.toHaveBeenCalled();
    world.last().events.connection("connected");
    await world.calls.hold(false);
    expect(world.view()).toMatchObject({ stage: "talking", onHold: false, camera: true });
  });

  test("without its microphone it is on hold until that can be opened", async () => {
    const before = await talking();
    const world = await reload(before, "anna");
    world.getUserMedia.mockRejectedValueOnce(new DOMException("", "NotReadableError")).mockRejectedValueOnce(new DOMException("", "NotReadableError"));
    world.answer({ offerer: true, negotiation: 2 });
    await settle();
    expect(world.view()).toMatchObject({ onHold: true, mediaError: { code: "busy" } });
    await world.calls.hold(false);
    expect(world.view()).toMatchObject({ onHold: false, mediaError: null });
  });

  test("a copy of the tab takes nothing from the living page", async () => {
    await talking();
    const copy = setUp("anna");
    await settle();
    expect(copy.sent).toEqual([]);
  });

  test("while it rings: a caller gives up, a callee's other devices ring on", async () => {
    const caller = setUp("anna");
    await caller.calls.call("boris", "audio");
    caller.tell({});
    caller.calls.leave();
    expect(caller.types()).toEqual(["call_start", "call_hang_up"]);
    expectNothingOpen(caller);
    const callee = setUp("boris");
    callee.tell({});
    callee.calls.leave();
    expect(callee.types()).toEqual([]);
    expectNothingOpen(callee);
    expect(sessionStorage.length).toBe(0);
  });
});

test("a media node that does not answer is named as the reason", async () => {
  const world = await talking("anna", { path: "media_node" });
  await pass(2 * LOOK_MS);
  world.last().flowing = false;
  world.last().events.connection("disconnected");
  await pass(4 * LOOK_MS);
  expect(world.view()).toMatchObject({ interrupted: true, quality: { level: "poor", reason: "server" } });
});
