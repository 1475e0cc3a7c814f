/** Devices that are chosen, exchanged, unplugged and plugged in again, in the middle of a call. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { expectNothingOpen, FakeContext, FakeStream, FakeTrack, setUp, settle, talking } from "./calls.test-support";
import { DEFAULT_CHOICES, DeviceChoices } from "./choices";

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("MediaStream", FakeStream);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  localStorage.clear();
});

describe("the choice", () => {
  test("is remembered, and what is stored wrongly is not believed", () => {
    new DeviceChoices().choose({ microphone: "headset", noiseSuppression: false });
    expect(new DeviceChoices().chosen.get()).toEqual({ ...DEFAULT_CHOICES, microphone: "headset", noiseSuppression: false });
    localStorage.setItem("staffline.devices", '{"microphone": 7, "mirror": "yes", "camera": "front"}');
    expect(new DeviceChoices().chosen.get()).toEqual({ ...DEFAULT_CHOICES, camera: "front" });
    localStorage.setItem("staffline.devices", "nonsense");
    expect(new DeviceChoices().chosen.get()).toEqual(DEFAULT_CHOICES);
  });

  test("holds for the next call; echo and noise are taken out unless somebody says otherwise", async () => {
    const world = setUp("anna");
    await world.calls.call("boris", "audio");
    expect(world.getUserMedia).toHaveBeenLastCalledWith({ audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } });
    world.calls.hangUp();
    world.choices.choose({ microphone: "headset", camera: "front", noiseSuppression: false });
    await world.calls.call("boris", "video");
    expect(world.getUserMedia.mock.lastCall![0]).toMatchObject({
      audio: { deviceId: { exact: "headset" }, noiseSuppression: false },
      video: { deviceId: { exact: "front" } },
    });
    world.calls.hangUp();
    expectNothingOpen(world);
  });
});

describe("in a call", () => {
  test("another microphone is sent without a new connection, as muted as the one before", async () => {
    const world = await talking();
    world.source.plug("audioinput", "headset");
    world.calls.setMicrophone(false);
    const said = world.sent.length;
    world.choices.choose({ microphone: "headset" });
    await settle();
    const track = world.tracks.at(-1)!;
    expect(track).toMatchObject({ deviceId: "headset", enabled: false });
    expect(world.last().sent.microphone).toBe(track);
    expect(world.tracks[0]!.readyState).toBe("ended");
    expect(world.peers.length).toBe(1);
    expect(world.sent.length).toBe(said);
    expect(world.live()).toBe(2);
  });

  test("another camera only while it is on; of two choices the later holds", async () => {
    const world = await talking();
    world.source.plug("videoinput", "front", "back");
    world.choices.choose({ camera: "front" });
    world.choices.choose({ camera: "back" });
    await settle();
    expect(world.last().sent.camera).toMatchObject({ deviceId: "back" });
    expect(world.live()).toBe(2);
    await world.calls.setCamera(false);
    world.choices.choose({ camera: "front" });
    await settle();
    expect(world.live()).toBe(1);
    await world.calls.setCamera(true);
    expect(world.last().sent.camera).toMatchObject({ deviceId: "front" });
  });

  test("one that does not open leaves the one before", async () => {
    const world = await talking();
    world.getUserMedia.mockRejectedValueOnce(new DOMException("", "NotReadableError"));
    world.choices.choose({ microphone: "broken" });
    await settle();
    expect(world.view()).toMatchObject({ microphone: true, mediaError: { code: "busy", device: "microphone" } });
    expect(world.live()).toBe(2);
  });

  test("one that opens after the end is let go of", async () => {
    const world = await talking();
    world.choices.choose({ microphone: "headset" });
    world.calls.hangUp();
    await settle();
    expectNothingOpen(world);
  });

  test("an unplugged microphone gives way to what there is, and it is told", async () => {
    const world = await talking();
    world.tracks[0]!.end();
    await settle();
    expect(world.view()).toMatchObject({ microphone: true, deviceNotice: { kind: "microphone", what: "unplugged", label: "the default" } });
    expect(world.last().sent.microphone).toBe(world.tracks.at(-1));
    expect(world.live()).toBe(2);
    world.calls.forgetDeviceNotice();
    expect(world.view().deviceNotice).toBeNull();
  });

  test("with none left nobody is heard, and that is shown and said", async () => {
    const world = await talking();
    world.getUserMedia.mockRejectedValue(new DOMException("", "NotFoundError"));
    world.tracks[0]!.end();
    await settle();
    expect(world.view()).toMatchObject({ microphone: false, mediaError: { code: "missing" } });
    expect(world.sent.at(-1)).toMatchObject({ type: "call_media", microphone: false });
    world.tracks[1]!.end();
    await settle();
    expect(world.view()).toMatchObject({ camera: false, localVideo: null });
    world.calls.hangUp();
    expectNothingOpen(world);
  });

  test("the chosen one is used again when it is plugged in again", async () => {
    const world = await talking();
    world.choices.choose({ microphone: "headset" });
    await settle();
    world.source.plug("audioinput", "headset");
    await settle();
    expect(world.view().deviceNotice).toEqual({ kind: "microphone", what: "changed", label: "the headset" });
    expect(world.last().sent.microphone).toMatchObject({ deviceId: "headset" });
  });

  test("a speaker that goes is told of; the page plays through the default", async () => {
    const world = await talking();
    world.source.plug("audiooutput", "headset");
    world.choices.choose({ speaker: "headset" });
    await settle();
    world.source.plug("audiooutput", "built-in");
    await settle();
    expect(world.view().deviceNotice).toEqual({ kind: "speaker", what: "unplugged", label: "the headset" });
  });
});

describe("the screen", () => {
  test("goes beside the camera, sharp, and the browser's own button ends it", async () => {
    const world = await talking();
    await world.calls.setScreen(true);
    const screen = world.tracks.at(-1)!;
    expect(screen.contentHint).toBe("detail");
    expect(world.view()).toMatchObject({ camera: true, screen: true });
    expect(world.last().sent).toMatchObject({ camera: world.tracks[1], screen });
    expect(world.sent.at(-1)).toMatchObject({ type: "call_media", camera: true, screen: true });
    screen.end();
    expect(world.view()).toMatchObject({ screen: false, localScreen: null });
    expect(world.last().sent.screen).toBeNull();
    expect(world.sent.at(-1)).toMatchObject({ screen: false });
    expect(world.peers.length).toBe(1);
  });

  test("the sound of a shared tab goes with the microphone, also past a mute and another microphone", async () => {
    vi.stubGlobal("AudioContext", FakeContext);
    const world = await talking();
    const [picture, sound] = [new FakeTrack("video", "tab"), new FakeTrack("audio", "tab")];
    world.getDisplayMedia.mockResolvedValueOnce(new FakeStream([picture, sound]) as unknown as MediaStream);
    await world.calls.setScreen(true);
    const { mix, sources } = FakeContext.made.at(-1)!;
    expect([...sources]).toEqual([sound, world.tracks[0]]);
    expect(world.last().sent).toMatchObject({ microphone: mix, screen: picture });
    world.calls.setMicrophone(false);
    expect([world.tracks[0]!.enabled, mix.enabled, world.view().microphone]).toEqual([false, true, false]);
    world.choices.choose({ noiseSuppression: false });
    await settle();
    expect([...sources]).toEqual([sound, world.tracks.at(-1)]);
    expect(world.last().sent.microphone).toBe(mix);
    picture.end();
    expect(world.last().sent.microphone).toBe(world.tracks.at(-1));
    expect([sound.readyState, mix.readyState, FakeContext.made.at(-1)!.closed]).toEqual(["ended", "ended", true]);
    world.calls.hangUp();
    expectNothingOpen(world);
  });

  test("a closed dialog is no error, a system that forbids it is", async () => {
    const world = await talking();
    world.getDisplayMedia.mockRejectedValueOnce(new DOMException("Permission denied", "NotAllowedError"));
    await world.calls.setScreen(true);
    expect(world.view()).toMatchObject({ screen: false, mediaError: null });
    world.getDisplayMedia.mockRejectedValueOnce(new DOMException("Permission denied by system", "NotAllowedError"));
    await world.calls.setScreen(true);
    expect(world.view()).toMatchObject({ screen: false, mediaError: { code: "denied", device: "screen" } });
  });

  test("chosen after the end, it is let go of", async () => {
    const world = await talking();
    const shared = world.calls.setScreen(true);
    world.calls.hangUp();
    await shared;
    expectNothingOpen(world);
  });
});
