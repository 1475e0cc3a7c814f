/** A chosen device is asked for by name; one that is gone gives way to what there is. */
import { expect, test, vi } from "vitest";
import { DEFAULT_CHOICES } from "./choices";
import { captureMicrophone, type Devices } from "./media";

const track = { kind: "audio" } as MediaStreamTrack;
const stream = { getAudioTracks: () => [track] } as unknown as MediaStream;
const choices = { ...DEFAULT_CHOICES, microphone: "headset" };

function refusing(name: string) {
  const getUserMedia = vi.fn<Devices["getUserMedia"]>(async (asked) => {
    const deviceId = (asked?.audio as MediaTrackConstraints).deviceId as { exact?: string };
    if (deviceId.exact !== undefined) throw new DOMException("", name);
    return stream;
  });
  return { getUserMedia };
}

test("a device that is gone", async () => {
  const devices = refusing("OverconstrainedError");
  expect(await captureMicrophone(devices, choices)).toBe(track);
  expect(devices.getUserMedia.mock.calls.map(([asked]) => (asked?.audio as MediaTrackConstraints).deviceId)).toEqual([
    { exact: "headset" },
    { ideal: "headset" },
  ]);
});

test("a refusal is not asked again", async () => {
  const devices = refusing("NotAllowedError");
  await expect(captureMicrophone(devices, choices)).rejects.toMatchObject({ code: "denied" });
  expect(devices.getUserMedia).toHaveBeenCalledTimes(1);
});
