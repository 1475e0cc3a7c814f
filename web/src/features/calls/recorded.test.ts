/** Recorded calls: no media before consent, silence where it is asked for again, and endings for what could not be recorded. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { CallRecording, CallState } from "../../api/types";
import { away, expectNothingOpen, FakeContext, FakeStream, RECORDING, setUp, settle, talking, type World } from "./calls.test-support";
import { CONNECT_MS } from "./connection";

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("MediaStream", FakeStream);
  vi.stubGlobal("AudioContext", FakeContext);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const recorded = (change: Partial<CallRecording> = {}, rest: Partial<CallState> = {}): Partial<CallState> => ({
  path: "media_node",
  ...rest,
  recording: { ...RECORDING, ...change },
});
const consents = ({ sent }: World): unknown[] => sent.filter(({ type }) => type === "call_consent");

test("a caller who has not agreed has no connection after the answer; with consent it is set up", async () => {
  const world = setUp("anna");
  await world.calls.call("boris", "video");
  world.tell(recorded());
  expect(world.view()).toMatchObject({ stage: "outgoing", consent: "asked" });
  // The preview is there.
  expect(world.live()).toBe(2);
  world.answer(recorded({ state: "consent", waiting_for: ["anna"] }));
  expect(world.view()).toMatchObject({ stage: "connecting", consent: "asked" });
  expect(world.peers).toHaveLength(0);

  world.calls.agree("ru");
  expect(consents(world)).toEqual([{ type: "call_consent", call_id: "call", notice_version: 1, language: "ru" }]);
  expect(world.view().consent).toBe("said");
  expect(world.peers).toHaveLength(0);
  world.answer(recorded({ state: "on", consented: true }));
  expect(world.view()).toMatchObject({ stage: "connecting", consent: "given" });
  expect(world.peers).toHaveLength(1);
  world.last().events.connection("connected");
  expect(world.stage()).toBe("talking");
  expect(world.last().sent.microphone).not.toBeNull();
});

test("a callee agrees and answers in one; nothing is set up before the caller has agreed as well", async () => {
  const world = setUp("boris");
  world.tell(recorded());
  expect(world.view()).toMatchObject({ stage: "incoming", consent: "asked" });
  world.calls.agree("en");
  await world.calls.accept();
  expect(world.types()).toEqual(["call_consent", "call_accept"]);
  world.answer(recorded({ state: "consent", consented: true, waiting_for: ["anna"] }));
  world.answer(recorded({ state: "consent", consented: true }));
  expect(world.view()).toMatchObject({ stage: "connecting", consent: "given" });
  expect(world.peers).toHaveLength(0);
  world.answer(recorded({ state: "on", consented: true }));
  expect(world.peers).toHaveLength(1);
});

test("on demand a call goes on while somebody has yet to agree", async () => {
  const world = await talking("anna", recorded({ state: "off", mode: "on_demand" }, { path: "direct" }));
  const moved = { negotiation: 2, path: "media_node", moved_from: "direct", offerer: true } as const;
  world.answer(recorded({ state: "consent", mode: "on_demand", consented: true, waiting_for: ["boris"] }, moved));
  expect(world.peers).toHaveLength(2);
  expect(world.peers[0]?.closed).toBe(false);
});

test("whoever came back waits as well", async () => {
  const world = setUp("anna");
  world.tell(recorded({ state: "consent" }, { phase: "answered", answered_at: 1, negotiation: 3, participants: away("anna") }));
  await world.calls.takeOver();
  world.answer(recorded({ state: "consent", consented: true }, { negotiation: 4 }));
  await settle();
  expect(world.peers).toHaveLength(0);
  world.answer(recorded({ state: "on", consented: true }, { negotiation: 4 }));
  expect(world.peers).toHaveLength(1);
});

test("whoever talks already is not cut off while another device agrees", async () => {
  const world = await talking("anna", recorded({ state: "on", consented: true }));
  world.answer(recorded({ state: "consent", consented: true, waiting_for: ["boris"] }, { offerer: true }));
  expect(world.stage()).toBe("talking");
  expect(world.last()).toMatchObject({ closed: false });
  expect(world.last().sent.microphone).not.toBeNull();
});

test("whoever waits for the other's consent does not give up; afterwards the usual time runs", async () => {
  const world = setUp("anna");
  await world.calls.call("boris", "audio");
  world.tell(recorded());
  world.calls.agree("ru");
  world.answer(recorded({ state: "consent", consented: true, waiting_for: ["boris"] }));
  await vi.advanceTimersByTimeAsync(CONNECT_MS * 2);
  expect(world.stage()).toBe("connecting");
  world.answer(recorded({ state: "on", consented: true }));
  await vi.advanceTimersByTimeAsync(CONNECT_MS - 1);
  expect(world.stage()).toBe("connecting");
  await vi.advanceTimersByTimeAsync(1);
  expect(world.calls.view.get().ending).toMatchObject({ why: "mediaNode" });
});

test("the other one leaves while consent is waited for: that is no failure of the network", async () => {
  const world = setUp("anna");
  await world.calls.call("boris", "audio");
  world.tell(recorded());
  world.calls.agree("ru");
  world.answer(recorded({ state: "consent", consented: true, waiting_for: ["boris"] }));
  await vi.advanceTimersByTimeAsync(CONNECT_MS * 2);
  world.tell({ phase: "ended", outcome: "completed" });
  expect(world.calls.view.get().ending).toMatchObject({ why: "completed", failed: null });
  expectNothingOpen(world);
});

test("asked in mid-call, the call falls silent on both ways until this side has agreed", async () => {
  const world = await talking("anna", recorded({ state: "off", mode: "on_demand" }));
  const peer = world.last();
  peer.events.remote({ person: new FakeStream() as unknown as MediaStream, screen: null });
  expect(world.view().remote).not.toBeNull();

  world.answer(recorded({ state: "consent", mode: "on_demand", waiting_for: ["anna", "boris"] }, { offerer: true }));
  expect(world.view()).toMatchObject({ stage: "talking", consent: "asked", remote: null });
  expect(peer).toMatchObject({ closed: false, sent: { microphone: null, camera: null, screen: null } });
  // What is turned on meanwhile is not sent either, nor heard what comes.
  world.calls.setMicrophone(false);
  world.calls.setMicrophone(true);
  peer.events.remote({ person: new FakeStream() as unknown as MediaStream, screen: null });
  expect(peer.sent.microphone).toBeNull();
  expect(world.view().remote).toBeNull();
  // A signal waits.
  world.calls.receive({ type: "call_signal", call_id: "call", signal: { type: "offer", sdp: "" } });
  expect(peer.received).toEqual([]);

  world.calls.agree("ru");
  world.answer(recorded({ state: "on", mode: "on_demand", consented: true }, { offerer: true }));
  expect(world.view().remote).not.toBeNull();
  expect(peer.sent.microphone).not.toBeNull();
  expect(peer.received).toEqual(["offer"]);
  expect(world.peers).toHaveLength(1);
});

test("a call that moves for its recording is set up on the new path after consent only", async () => {
  const world = await talking("anna", recorded({ state: "off", mode: "on_demand" }, { path: "direct" }));
  const moved = { negotiation: 2, path: "media_node", moved_from: "direct", offerer: true } as const;
  world.answer(recorded({ state: "consent", mode: "on_demand", waiting_for: ["anna"] }, moved));
  expect(world.peers).toHaveLength(1);
  expect(world.last().sent.microphone).toBeNull();
  world.answer(recorded({ state: "on", mode: "on_demand", consented: true }, moved));
  expect(world.peers).toHaveLength(2);
  expect(world.last().sent.microphone).not.toBeNull();
});

test("a hold does not get around the consent", async () => {
  const world = await talking("anna", recorded({ state: "on", consented: true }));
  world.last().events.remote({ person: new FakeStream() as unknown as MediaStream, screen: null });
  world.answer(recorded({ state: "consent" }, { offerer: true }));
  await world.calls.hold(true);
  await world.calls.hold(false);
  expect(world.view()).toMatchObject({ onHold: false, remote: null });
  expect(world.last().sent.microphone).toBeNull();
});

test.each(["consent_needed", "consent_outdated"])("the refusal %s lets go of what was being set up, and asks", async (code) => {
  const world = setUp("anna");
  await world.calls.call("boris", "audio");
  world.tell(recorded({ consented: true }));
  world.answer(recorded({ state: "on", consented: true }));
  expect(world.peers).toHaveLength(1);
  world.calls.receive({ type: "error", code, message: "", call_id: "call" });
  expect(world.view()).toMatchObject({ stage: "connecting", consent: code === "consent_needed" ? "asked" : "asked_anew" });
  expect(world.last().closed).toBe(true);
  world.answer(recorded({ state: "consent", notice: { ...RECORDING.notice, version: 2 } }));
  world.calls.agree("ru");
  expect(consents(world)).toEqual([{ type: "call_consent", call_id: "call", notice_version: 2, language: "ru" }]);
  world.answer(recorded({ state: "on", consented: true, notice: { ...RECORDING.notice, version: 2 } }));
  expect(world.peers).toHaveLength(2);
  expect(world.last().closed).toBe(false);
});

test("a consent that may have gone nowhere with its socket is said again on the next", async () => {
  const world = setUp("anna");
  await world.calls.call("boris", "audio");
  world.tell(recorded());
  world.answer(recorded({ state: "consent" }));
  world.world.online = false;
  world.calls.agree("ru");
  expect(consents(world)).toHaveLength(0);
  world.world.online = true;
  world.hello("device-2");
  expect(consents(world)).toHaveLength(1);
  world.answer(recorded({ state: "on", consented: true }));
  world.hello("device-3");
  expect(consents(world)).toHaveLength(1);
});

test("a second device asks before it takes the call over with media", async () => {
  const world = setUp("anna");
  const left = recorded({ state: "on" }, { phase: "answered", answered_at: 1, negotiation: 3, participants: away("anna") });
  world.tell(left);
  await world.calls.takeOver();
  world.answer(recorded({ state: "on" }, { negotiation: 4 }));
  await settle();
  expect(world.view()).toMatchObject({ stage: "connecting", consent: "asked" });
  expect(world.peers).toHaveLength(0);
  world.calls.agree("en");
  world.answer(recorded({ state: "on", consented: true }, { negotiation: 4 }));
  expect(world.peers).toHaveLength(1);
});

test("leaving instead ends the call, and nothing is kept", async () => {
  const world = setUp("anna");
  await world.calls.call("boris", "video");
  world.tell(recorded());
  world.answer(recorded({ state: "consent" }));
  world.calls.hangUp();
  expect(world.types().at(-1)).toBe("call_hang_up");
  expectNothingOpen(world);
});

test("a call that could not be recorded says so, however far its media had come", async () => {
  const world = setUp("anna");
  await world.calls.call("boris", "audio");
  world.tell(recorded({ consented: true }));
  world.answer(recorded({ state: "on", consented: true }));
  await vi.advanceTimersByTimeAsync(CONNECT_MS - 1_000);
  world.tell({ phase: "ended", outcome: "not_recorded" });
  expect(world.calls.view.get().ending).toMatchObject({ why: "not_recorded", failed: null });
  expectNothingOpen(world);
});

test("on demand it is asked of the server, and nothing is shown before its word", async () => {
  const world = await talking("anna", recorded({ state: "off", mode: "on_demand", can_start: true }));
  world.calls.record(true);
  expect(world.sent.at(-1)).toEqual({ type: "call_record", call_id: "call", on: true });
  expect(world.view().call?.recording?.state).toBe("off");
  world.calls.record(false);
  expect(world.sent.at(-1)).toEqual({ type: "call_record", call_id: "call", on: false });
});
