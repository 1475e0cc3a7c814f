/** Whatever happens in whatever order: never two calls that talk, nothing left open, no device that nobody asked for. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeContext, FakeStream } from "./calls.test-support";
import { IDLE } from "./view";
import { ME, OTHERS, pass, seeded, TAB, WalkPage, type Random } from "./walk.test-support";

const WALKS = 500;
const STEPS = 80;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("MediaStream", FakeStream);
  vi.stubGlobal("AudioContext", FakeContext);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  sessionStorage.clear();
  localStorage.clear();
});

type Step = (page: WalkPage) => unknown;

/** What the user does. Those with `!` ask for a call. */
const USER: Record<string, Step> = {
  "call!": ({ calls, random }) => calls.call(OTHERS[random(2)]!, random(2) === 0 ? "audio" : "video"),
  "accept!": ({ calls }) => calls.accept(),
  "hold the first and answer!": ({ calls }) => calls.answerWaiting("hold"),
  "end the first and answer!": ({ calls }) => calls.answerWaiting("end"),
  "swap!": ({ calls }) => calls.swap(),
  "swap twice!": ({ calls }) => [calls.swap(), calls.swap()],
  "take over!": ({ calls }) => calls.takeOver(),
  "take back!": ({ calls }) => calls.hold(false),
  hold: ({ calls }) => calls.hold(true),
  decline: ({ calls }) => calls.decline(),
  "decline the second": ({ calls }) => calls.declineWaiting(),
  "hang up": ({ calls }) => calls.hangUp(),
  "hang up the held": ({ calls }) => calls.hangUpHeld(),
  microphone: ({ calls, random }) => calls.setMicrophone(random(2) === 0),
  camera: ({ calls, random }) => calls.setCamera(random(2) === 0),
  screen: ({ calls, random }) => calls.setScreen(random(2) === 0),
  "another microphone": ({ choices, random }) => choices.choose({ microphone: `microphone-${random(3)}` }),
  "another camera": ({ choices, random }) => choices.choose({ camera: `camera-${random(3)}` }),
};

/** What others do, and what befalls the page. */
const WORLD: Record<string, Step> = {
  rings: ({ server, random }) => server.ring(OTHERS[random(2)]!),
  answers: ({ server, random }) => {
    const path = random(3) === 0 ? "relayed" : "direct";
    for (const call of server.live) if (call.state.phase === "ringing" && call.state.caller_id === ME) server.answer(call, server.device, path);
  },
  "ends one": ({ server, random }) => {
    const call = server.live[random(2)];
    if (call !== undefined) server.end(call, call.state.phase === "ringing" ? "cancelled" : "completed");
  },
  "another device of the user takes one": ({ server, random }) => {
    const call = server.live[random(2)];
    if (call?.state.phase === "answered") {
      call.device = "another";
      server.renegotiate(call);
    } else if (call?.state.callee_id === ME) server.answer(call, "another");
  },
  "another device of the user leaves": ({ server }) => {
    for (const call of server.live) {
      if (call.device !== "another") continue;
      call.device = null;
      server.tell(call);
    }
  },
  "the admin moves one": ({ server, random }) => {
    const call = server.live[random(2)];
    if (call !== undefined) server.move(call, random(2) === 0 ? "media_node" : "relayed");
  },
  "reads its state again": ({ server }) => {
    for (const call of server.live) server.tell(call);
  },
  "sets up anew": ({ server, random }) => {
    const call = server.live[random(2)];
    if (call?.state.phase === "answered") server.renegotiate(call);
  },
  "the socket breaks": ({ server }) => server.lose(),
  "the socket is back": ({ server }) => server.hello(),
  "the page is loaded anew": (page) => page.reload(),
  "a device is unplugged": (page) => page.live()[page.random(3)]?.end(),
  "devices change": ({ source, random }) => source.plug("audioinput", `microphone-${random(3)}`),
  "another network": ({ calls }) => calls.networkChanged(),
  connects: ({ open, random }) => open[random(2)]?.events.connection("connected"),
  breaks: ({ open, random }) => open[random(2)]?.events.connection(random(2) === 0 ? "failed" : "disconnected"),
  "is heard": ({ open, random }) => {
    const peer = open[random(2)];
    if (peer === undefined) return;
    peer.flowing = random(4) > 0;
    peer.events.remote({ person: new FakeStream() as unknown as MediaStream, screen: null });
  },
  "cannot be set up": ({ open, random }) => open[random(6)]?.events.failed(new Error("bad sdp")),
  "a line of loss": ({ open, random }) => {
    for (const peer of open) peer.fractionLost = random(3) / 5;
  },
};

/** What leads to calls that talk; by equal chances most walks would soon stand still. */
const ONWARD = ["call!", "accept!", "hold the first and answer!", "take back!", "rings", "answers", "connects", "is heard", "the socket is back"];

function choose(random: Random): [string, Step] {
  const all = { ...USER, ...WORLD };
  const names = random(2) === 0 ? ONWARD : Object.keys(random(2) === 0 ? USER : WORLD);
  const name = names[random(names.length)]!;
  return [name, all[name]!];
}

/** What the walks came by; a walk that never talks proves nothing. */
const seen = new Map<string, number>();

function look(page: WalkPage): void {
  const { current, held, waiting, abandoned } = page.calls.view.get();
  const { call, stage, onHold, moving, interrupted, screen, pictureLimited, deviceNotice } = current;
  const states = { onHold, moving, interrupted, screen, held, waiting, abandoned, deviceNotice, limited: pictureLimited !== "none" };
  const names = Object.entries(states).filter(([, value]) => value !== null && value !== false);
  const path = stage === "talking" ? [`on ${call?.path ?? "none"}`] : [];
  for (const name of [stage, ...path, ...names.map(([name]) => name)]) seen.set(name, (seen.get(name) ?? 0) + 1);
}

function check(page: WalkPage): void {
  const { current, held, waiting } = page.calls.view.get();
  const all = [current, held, waiting].filter((view) => view !== null);
  const talks = all.filter(({ stage, onHold }) => (stage === "connecting" || stage === "talking") && !onHold);
  expect(talks.length).toBeLessThan(2);
  expect(page.live("audio").filter(({ deviceId }) => deviceId !== TAB).length).toBeLessThan(2);
  if (current.onHold || current.stage === "incoming" || current.stage === "idle") expect(page.live().length).toBe(0);
  if (held !== null) expect(held.onHold).toBe(true);
  for (const view of all) if (view.onHold) expect(view).toMatchObject({ remote: null, localVideo: null, localScreen: null });
  // Each call has its connection, and while it moves, and for a moment after, the one before.
  expect(page.open.length).toBeLessThanOrEqual(2 * all.filter(({ call }) => call?.phase === "answered").length);
  expect(page.unasked).toBe(0);
  if (current.stage === "idle" && held === null) page.consent = false;
}

async function walk(seed: number): Promise<void> {
  const random = seeded(seed);
  const page = new WalkPage(random);
  const done: string[] = [];
  try {
    page.server.hello();
    for (let i = 0; i < STEPS; i += 1) {
      const [name, step] = choose(random);
      done.push(name);
      if (name.endsWith("!")) page.consent = true;
      void step(page);
      await pass([0, 0, 100, 1_000, 4_000][random(5)]!);
      check(page);
      look(page);
    }
    await ending(page, random);
  } catch (error) {
    throw new Error(`walk ${seed}: ${done.join(", ")}: ${String(error)}`, { cause: error });
  }
}

/** However it ends, nothing stays open. */
async function ending(page: WalkPage, random: Random): Promise<void> {
  switch (random(4)) {
    case 0:
      page.calls.end();
      break;
    case 1:
      page.calls.leave();
      break;
    case 2:
      for (const call of page.server.live) page.server.end(call, "lost");
      page.server.hello();
      break;
    default:
      // Nobody says anything any more.
      page.server.online = false;
      for (const peer of page.open) peer.events.connection("failed");
  }
  await pass(120_000);
  for (const view of [page.calls.view.get().current]) if (view.stage === "asking" || view.onHold) page.calls.end();
  page.calls.end();
  await pass(5_000);
  expect(page.calls.view.get()).toMatchObject({ current: IDLE, held: null, waiting: null });
  expect(page.live()).toEqual([]);
  expect(page.open).toEqual([]);
  expect(page.source.listeners.size).toBe(0);
  expect(FakeContext.made.every(({ closed, mix }) => closed && mix.readyState === "ended")).toBe(true);
  FakeContext.made.length = 0;
  expect(vi.getTimerCount()).toBe(0);
  sessionStorage.clear();
}

test(`${WALKS} walks at random`, { timeout: 120_000 }, async () => {
  for (let seed = 1; seed <= WALKS; seed += 1) await walk(seed);
  const rare = ["on direct", "on relayed", "on media_node", "talking", "incoming", "outgoing", "onHold", "moving", "interrupted", "screen", "held", "waiting", "abandoned", "deviceNotice"];
  for (const name of rare) expect(seen.get(name) ?? 0, name).toBeGreaterThan(20);
});
