/** Every way in which a call can end, from every stage and on every device: nothing stays open, and the reason fits. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { away, expectNothingOpen, FakeStream, setUp, settle, talking, type World } from "./calls.test-support";
import { CONNECT_MS, LOST_MS } from "./connection";
import { ACCEPT_MS, RING_MS } from "./session";

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("MediaStream", FakeStream);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  sessionStorage.clear();
});

/** Where a call may be when it ends. */
const STAGES: Record<string, () => Promise<World>> = {
  outgoing: async () => {
    const world = setUp("anna");
    await world.calls.call("boris", "video");
    world.tell({});
    return world;
  },
  incoming: async () => {
    const world = setUp("boris");
    world.tell({});
    return world;
  },
  accepted: async () => {
    const world = setUp("boris");
    world.tell({});
    await world.calls.accept();
    return world;
  },
  connecting: async () => {
    const world = setUp("anna");
    await world.calls.call("boris", "video");
    world.answer({ offerer: true });
    return world;
  },
  talking: () => talking(),
  "talking as callee": () => talking("boris"),
  "with a shared screen": async () => {
    const world = await talking();
    await world.calls.setScreen(true);
    return world;
  },
  interrupted: async () => {
    const world = await talking();
    world.last().events.connection("failed");
    await vi.advanceTimersByTimeAsync(1_000);
    return world;
  },
  moving: async () => {
    const world = await talking("anna", { may_move: true });
    world.answer({ path: "media_node", moved_from: "direct", negotiation: 2, offerer: true });
    world.last().flowing = false;
    world.last().events.connection("connected");
    await vi.advanceTimersByTimeAsync(1_000);
    return world;
  },
  "on hold": async () => {
    const world = await talking();
    await world.calls.hold(true);
    return world;
  },
  "being taken back": async () => {
    const world = await talking();
    await world.calls.hold(true);
    void world.calls.hold(false);
    return world;
  },
  "while another device is opened": async () => {
    const world = await talking();
    world.choices.choose({ microphone: String(Math.random()) });
    return world;
  },
  "without a socket": async () => {
    const world = await talking();
    world.world.online = false;
    return world;
  },
  "while it resumes": async () => {
    const world = await talking();
    world.hello("device-2");
    return world;
  },
  "after a reload": async () => {
    (await talking()).calls.leave();
    const world = setUp("anna");
    await settle();
    world.answer({ offerer: true, negotiation: 2 });
    return world;
  },
  "taken over": async () => {
    const world = setUp("anna");
    world.tell({ phase: "answered", here: false, negotiation: 1, participants: away("anna") });
    await world.calls.takeOver();
    return world;
  },
};

/** How it ends there. */
const WAYS: Record<string, (world: World) => unknown> = {
  "hung up": ({ calls }) => calls.hangUp(),
  "ended by the other side or the server": ({ tell }) => tell({ phase: "ended", outcome: "completed" }),
  "a device that answered elsewhere": ({ tell, calls }) => {
    tell({ phase: "answered", here: false, negotiation: 9 });
    // Where this page has no part yet or may take it back, the server refuses it.
    calls.receive({ type: "error", code: "answered_elsewhere", message: "", call_id: "call" });
  },
  "no such call any more": ({ calls }) => calls.receive({ type: "error", code: "no_such_call", message: "", call_id: "call" }),
  "signed out": ({ calls }) => calls.end(),
  "the page goes": ({ calls }) => calls.leave(),
  "nothing is heard of anybody any more": async ({ world, peers }) => {
    world.online = false;
    for (const peer of peers) if (!peer.closed) peer.events.connection("failed");
    await vi.advanceTimersByTimeAsync(RING_MS + ACCEPT_MS + CONNECT_MS + LOST_MS);
  },
};

const all = Object.keys(STAGES).flatMap((stage) => Object.keys(WAYS).map((way) => [stage, way] as const));

test.each(all)("%s: %s", async (stage, way) => {
  const world = await STAGES[stage]!();
  await WAYS[way]!(world);
  await settle();
  // Nobody is there to hear that it was given up; the user sees it.
  if (world.view().onHold && way.startsWith("nothing")) world.calls.hangUp();
  expectNothingOpen(world);
  expect(world.calls.view.get().abandoned).toBeNull();
});
