/** The call against a server and devices that the test plays: every path in, every ending out, nothing left open. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { away, expectNothingOpen, FakeStream, setUp, talking } from "./calls.test-support";
import { CONNECT_MS, LOST_MS, RESTART_AFTER_MS } from "./connection";
import { RING_MS } from "./session";

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("MediaStream", FakeStream);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("calling", () => {
  test("devices first, then it rings, is answered and connects", async () => {
    const world = setUp("anna");
    const started = world.calls.call("boris", "video");
    expect(world.stage()).toBe("asking");
    expect(world.types()).toEqual([]);
    await started;
    expect(world.stage()).toBe("outgoing");
    world.tell({});
    expect(world.peers.length).toBe(0);
    world.answer({ offerer: true });
    expect(world.stage()).toBe("connecting");
    world.last().events.connection("connected");
    expect(world.stage()).toBe("talking");
    expect(world.types()).toEqual(["call_start", "call_media"]);
  });

  test("cancelled while the browser still asks: no ringing, and the devices that come too late are let go of", async () => {
    const world = setUp("anna");
    const started = world.calls.call("boris", "video");
    world.calls.hangUp();
    await started;
    expect(world.types()).toEqual([]);
    expect(world.live()).toBe(0);
    expectNothingOpen(world);
  });

  test("cancelled while it rings", async () => {
    const world = setUp("anna");
    await world.calls.call("boris", "audio");
    world.tell({ kind: "audio" });
    world.calls.hangUp();
    expect(world.types()).toEqual(["call_start", "call_hang_up"]);
    expectNothingOpen(world);
  });

  test("cancelled before the server has told of it: it is hung up as soon as it has a name", async () => {
    const world = setUp("anna");
    await world.calls.call("boris", "audio");
    world.calls.hangUp();
    expect(world.types()).toEqual(["call_start"]);
    world.tell({});
    world.tell({});
    expect(world.types()).toEqual(["call_start", "call_hang_up"]);
    expectNothingOpen(world);
  });

  test("without a connection to the server it does not begin", async () => {
    const world = setUp("anna");
    world.world.online = false;
    await world.calls.call("boris", "audio");
    expect(world.calls.view.get().ending).toMatchObject({ why: "socket" });
    expectNothingOpen(world);
  });

  test("a refusal ends it with its code", async () => {
    const world = setUp("anna");
    await world.calls.call("boris", "audio");
    const [start] = world.sent;
    const client_key = start?.type === "call_start" ? start.client_key : "";
    world.calls.receive({ type: "error", code: "user_unavailable", message: "", client_key: "other" });
    expect(world.stage()).toBe("outgoing");
    world.calls.receive({ type: "error", code: "user_unavailable", message: "", client_key });
    expect(world.calls.view.get().ending).toMatchObject({ why: { code: "user_unavailable" } });
    expectNothingOpen(world);
  });

  test("a refused microphone is explained and nothing rings", async () => {
    const world = setUp("anna");
    world.getUserMedia.mockRejectedValue(new DOMException("", "NotAllowedError"));
    await world.calls.call("boris", "video");
    expect(world.view()).toMatchObject({ stage: "asking", mediaError: { code: "denied" } });
    expect(world.types()).toEqual([]);
    world.calls.hangUp();
    expectNothingOpen(world);
  });

  test("a missing camera does not keep one from talking", async () => {
    const world = setUp("anna");
    world.getUserMedia.mockRejectedValueOnce(new DOMException("", "NotFoundError"));
    await world.calls.call("boris", "video");
    expect(world.view()).toMatchObject({ stage: "outgoing", camera: false, mediaError: { device: "camera" } });
  });

  test("a second call puts the first on hold, a third is not begun", async () => {
    const world = await talking();
    await world.calls.call("vera", "audio");
    await world.calls.call("clara", "audio");
    expect(world.sent.filter(({ type }) => type === "call_start").map((frame) => "callee_id" in frame && frame.callee_id)).toEqual(["boris", "vera"]);
    expect(world.view().peerId).toBe("vera");
    expect(world.calls.view.get().held).toMatchObject({ peerId: "boris", stage: "talking", onHold: true });
    // One microphone is open: that of the call that rings.
    expect(world.live()).toBe(1);
    expect(world.last().sent).toEqual({ microphone: null, camera: null, screen: null });
  });

  test("the socket broke while it rang: the same call is asked for again", async () => {
    const world = setUp("anna");
    await world.calls.call("boris", "audio");
    world.calls.receive({ type: "hello", user_id: "anna", device_id: "device-2", last_event_id: 0, reset: false });
    expect(world.sent.length).toBe(2);
    expect(world.sent[0]).toEqual(world.sent[1]);
  });
});

describe("being called", () => {
  test("rings, opens no device before it is accepted", async () => {
    const world = setUp("boris");
    world.tell({});
    expect(world.stage()).toBe("incoming");
    expect(world.getUserMedia).not.toHaveBeenCalled();
    await world.calls.accept();
    expect(world.types()).toEqual(["call_accept"]);
    world.answer();
    world.last().events.connection("connected");
    expect(world.stage()).toBe("talking");
  });

  test("declined", () => {
    const world = setUp("boris");
    world.tell({});
    world.calls.decline();
    expect(world.types()).toEqual(["call_decline"]);
    expectNothingOpen(world);
  });

  test("what was declined does not ring again, and a decline without a connection is said when it is back", () => {
    const world = setUp("boris");
    world.tell({});
    world.world.online = false;
    world.calls.decline();
    world.tell({});
    expect(world.stage()).toBe("idle");
    world.world.online = true;
    world.calls.receive({ type: "hello", user_id: "boris", device_id: "device-2", last_event_id: 0, reset: false });
    expect(world.types()).toEqual(["call_decline"]);
    world.tell({ id: "another" });
    expect(world.stage()).toBe("incoming");
  });

  test("a refusal about another call does not end this one", () => {
    const world = setUp("boris");
    world.tell({});
    world.calls.receive({ type: "error", code: "no_such_call", message: "", call_id: "old", client_key: null });
    expect(world.stage()).toBe("incoming");
  });

  test.each(["cancelled", "missed"] as const)("%s by the other side", (outcome) => {
    const world = setUp("boris");
    world.tell({});
    world.tell({ phase: "ended", outcome });
    expect(world.calls.view.get().ending).toMatchObject({ why: outcome });
    expectNothingOpen(world);
  });

  test("cancelled while the browser asks for devices", async () => {
    const world = setUp("boris");
    world.tell({});
    const accepted = world.calls.accept();
    world.tell({ phase: "ended", outcome: "cancelled" });
    await accepted;
    expect(world.types()).toEqual([]);
    expectNothingOpen(world);
  });

  test("answered on another device", () => {
    const world = setUp("boris");
    world.tell({});
    world.tell({ phase: "answered", here: false, negotiation: 1 });
    expect(world.calls.view.get().ending).toMatchObject({ why: "elsewhere" });
    expectNothingOpen(world);
  });

  test("a refused microphone leaves it ringing, and it can be accepted again", async () => {
    const world = setUp("boris");
    world.tell({});
    world.getUserMedia.mockRejectedValueOnce(new DOMException("", "NotAllowedError")).mockRejectedValueOnce(new DOMException("", "NotAllowedError"));
    await world.calls.accept();
    expect(world.view()).toMatchObject({ stage: "incoming", mediaError: { code: "denied" } });
    await world.calls.accept();
    expect(world.types()).toEqual(["call_accept"]);
  });

  test("it does not ring for ever when nothing is heard any more", () => {
    const world = setUp("boris");
    world.tell({});
    vi.advanceTimersByTime(RING_MS);
    expectNothingOpen(world);
  });

  test("after a reconnect it rings on only if the server says so", () => {
    const world = setUp("boris");
    world.tell({});
    world.calls.receive({ type: "hello", user_id: "boris", device_id: "device-2", last_event_id: 0, reset: false });
    world.tell({});
    vi.advanceTimersByTime(5_000);
    expect(world.stage()).toBe("incoming");
    world.calls.receive({ type: "hello", user_id: "boris", device_id: "device-3", last_event_id: 0, reset: false });
    vi.advanceTimersByTime(5_000);
    expectNothingOpen(world);
  });
});

describe("talking", () => {
  test.each(["completed", "lost"] as const)("ended by the server: %s", async (outcome) => {
    const world = await talking();
    world.tell({ phase: "ended", outcome });
    expectNothingOpen(world);
  });

  test("hung up, on either side", async () => {
    for (const me of ["anna", "boris"] as const) {
      const world = await talking(me);
      world.calls.hangUp();
      expect(world.types().at(-1)).toBe("call_hang_up");
      expectNothingOpen(world);
    }
  });

  test("a hang-up without a connection is said when it is back", async () => {
    const world = await talking();
    world.world.online = false;
    world.calls.hangUp();
    expectNothingOpen(world);
    world.world.online = true;
    world.calls.receive({ type: "hello", user_id: "anna", device_id: "device-2", last_event_id: 0, reset: false });
    expect(world.sent.at(-1)).toEqual({ type: "call_hang_up", call_id: "call" });
  });

  test("signals of this call reach the peer, those of another do not", async () => {
    const world = await talking("boris");
    world.calls.receive({ type: "call_signal", call_id: "call", signal: { type: "offer", sdp: "v=0" } });
    world.calls.receive({ type: "call_signal", call_id: "other", signal: { type: "offer", sdp: "v=0" } });
    expect(world.last().received).toEqual(["offer"]);
  });

  test("microphone and camera: off is said, and the camera's light goes out", async () => {
    const world = await talking();
    const [microphone, camera] = world.tracks;
    world.calls.setMicrophone(false);
    expect(microphone!.enabled).toBe(false);
    await world.calls.setCamera(false);
    expect(camera!.readyState).toBe("ended");
    expect(world.last().sent).toEqual({ microphone, camera: null, screen: null });
    expect(world.sent.at(-1)).toMatchObject({ type: "call_media", microphone: false, camera: false });
    await world.calls.setCamera(true);
    expect(world.last().sent).toEqual({ microphone, camera: world.tracks.at(-1), screen: null });
    expect(world.view().camera).toBe(true);
  });

  test("a camera that is granted after the end is let go of", async () => {
    const world = await talking();
    await world.calls.setCamera(false);
    const turnedOn = world.calls.setCamera(true);
    world.calls.hangUp();
    await turnedOn;
    expectNothingOpen(world);
  });

  test("a new negotiation is a new peer connection", async () => {
    const world = await talking();
    world.answer({ offerer: true, negotiation: 1 });
    expect(world.peers.length).toBe(1);
    world.answer({ offerer: true, negotiation: 2 });
    expect(world.peers.map(({ closed }) => closed)).toEqual([true, false]);
    expect(world.stage()).toBe("connecting");
  });

  test("media that never connects ends in words that fit the path", async () => {
    for (const [path, why] of [["direct", "media"], ["media_node", "mediaNode"]] as const) {
      const world = setUp("anna");
      await world.calls.call("boris", "audio");
      world.answer({ path, offerer: true });
      vi.advanceTimersByTime(CONNECT_MS);
      expect(world.calls.view.get().ending).toMatchObject({ why });
      expect(world.types().at(-1)).toBe("call_hang_up");
      expectNothingOpen(world);
    }
  });

  test("whoever hears that the other gave up on media that never came has the same reason, and who had media a plain ending", async () => {
    for (const connected of [false, true]) {
      const world = setUp("anna");
      await world.calls.call("boris", "audio");
      world.answer({ path: "relayed", offerer: true });
      if (connected) world.last().events.connection("connected");
      vi.advanceTimersByTime(CONNECT_MS - 1_000);
      world.tell({ phase: "ended", path: "relayed", outcome: "completed" });
      expect(world.calls.view.get().ending).toMatchObject(connected ? { why: "completed", failed: null } : { why: "relay", failed: "call" });
      expectNothingOpen(world);
    }
  });

  test("a broken connection is restarted, comes back, or is given up", async () => {
    const world = await talking();
    world.last().events.connection("disconnected");
    expect(world.view().interrupted).toBe(true);
    vi.advanceTimersByTime(RESTART_AFTER_MS);
    expect(world.last().restart).toHaveBeenCalledOnce();
    world.last().events.connection("connected");
    expect(world.view().interrupted).toBe(false);
    vi.advanceTimersByTime(LOST_MS);
    expect(world.stage()).toBe("talking");
    world.last().events.connection("failed");
    vi.advanceTimersByTime(LOST_MS);
    expect(world.calls.view.get().ending).toMatchObject({ why: "lost" });
    expectNothingOpen(world);
  });
});

describe("a broken socket in the middle of a call", () => {
  test("the same page goes on: nothing is set up anew, and what could not be said is said", async () => {
    const world = await talking();
    world.world.online = false;
    world.last().events.signal({ type: "candidate", candidate: "late" });
    world.world.online = true;
    world.sent.length = 0;
    world.calls.receive({ type: "hello", user_id: "anna", device_id: "device-2", last_event_id: 0, reset: false });
    expect(world.sent).toEqual([{ type: "call_accept", call_id: "call", previous_device_id: "device-1" }]);
    world.tell({ phase: "answered", here: false, negotiation: 1, participants: away("anna") });
    expect(world.stage()).toBe("talking");
    world.answer({ offerer: true });
    expect(world.peers.length).toBe(1);
    expect(world.sent.find(({ type }) => type === "call_signal")).toMatchObject({ signal: { candidate: "late" } });
    // A second break names the device that the first one made.
    world.calls.receive({ type: "hello", user_id: "anna", device_id: "device-3", last_event_id: 0, reset: false });
    expect(world.sent.at(-1)).toMatchObject({ previous_device_id: "device-2" });
  });

  test("the call ended meanwhile", async () => {
    const world = await talking();
    world.calls.receive({ type: "hello", user_id: "anna", device_id: "device-2", last_event_id: 0, reset: false });
    world.calls.receive({ type: "error", code: "no_such_call", message: "", call_id: "call" });
    expect(world.calls.view.get().ending).toMatchObject({ why: "lost" });
    expectNothingOpen(world);
  });

  test("another device has taken it over", async () => {
    const world = await talking();
    world.tell({ phase: "answered", here: false, negotiation: 2 });
    expect(world.calls.view.get().ending).toMatchObject({ why: "elsewhere" });
    expectNothingOpen(world);
  });

  test("an abandoned call is offered, and taken over", async () => {
    const world = setUp("anna");
    world.tell({ phase: "answered", here: false, negotiation: 1, participants: away("anna") });
    expect(world.stage()).toBe("idle");
    expect(world.calls.view.get().abandoned?.id).toBe("call");
    const taken = world.calls.takeOver();
    // The other side turns its camera off while the browser still asks: the call is nobody else's for that.
    world.tell({ phase: "answered", here: false, negotiation: 1, participants: away("anna") });
    await taken;
    expect(world.types()).toEqual(["call_accept"]);
    world.answer({ negotiation: 2, offerer: true });
    expect(world.last().call.negotiation).toBe(2);
    world.calls.hangUp();
    expectNothingOpen(world);
  });
});

test("a call that comes while one is about to call rings when nothing comes of that", async () => {
  const world = setUp("anna");
  const started = world.calls.call("boris", "audio");
  const other = { id: "other", client_key: "clara's", caller_id: "clara", callee_id: "anna" };
  world.tell(other);
  await started;
  expect(world.view()).toMatchObject({ stage: "outgoing", peerId: "boris" });
  const [start] = world.sent;
  world.calls.receive({ type: "error", code: "already_in_call", message: "", client_key: start?.type === "call_start" ? start.client_key : "" });
  expect(world.view()).toMatchObject({ stage: "incoming", peerId: "clara" });
  world.tell({ ...other, phase: "ended", outcome: "cancelled" });
  expectNothingOpen(world);
  // One that is over by then does not.
  const again = world.calls.call("boris", "audio");
  world.tell({ ...other, id: "third", client_key: "again" });
  world.tell({ ...other, id: "third", client_key: "again", phase: "ended", outcome: "cancelled" });
  await again;
  world.calls.hangUp();
  expectNothingOpen(world);
});
