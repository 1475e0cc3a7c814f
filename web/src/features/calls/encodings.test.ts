/** What the encoders are told, and that they are told nothing twice. */
import { expect, test, vi } from "vitest";
import { shapeSender } from "./encodings";

function sender(encoding: RTCRtpEncodingParameters | null, refuses = false, codec = "audio/opus") {
  const codecs = [{ mimeType: codec }, { mimeType: "audio/G722" }];
  let parameters = { codecs, encodings: encoding === null ? [] : [encoding] } as unknown as RTCRtpSendParameters;
  const setParameters = vi.fn(async (wanted: RTCRtpSendParameters) => {
    if (refuses) throw new DOMException("", "NotSupportedError");
    parameters = wanted;
  });
  return { now: () => parameters.encodings[0], setParameters, it: { getParameters: () => structuredClone(parameters), setParameters } as unknown as RTCRtpSender };
}

test("sound comes first, and is made small only where it would be drowned", async () => {
  const { it, now } = sender({ active: true });
  await shapeSender("microphone", it, "none");
  expect(now()).toEqual({ active: true, priority: "high", networkPriority: "high" });
  await shapeSender("microphone", it, "paused");
  expect(now()?.maxBitrate).toBe(16_000);
  await shapeSender("microphone", it, "none");
  expect(now()).not.toHaveProperty("maxBitrate");
});

test("sound that goes out twice has room for the headers as well", async () => {
  const { it, now } = sender({ active: true }, false, "audio/red");
  await shapeSender("microphone", it, "none");
  expect(now()?.maxBitrate).toBe(60_000);
  await shapeSender("microphone", it, "reduced");
  expect(now()?.maxBitrate).toBe(52_000);
});

test("the camera gets smaller, then pauses, and comes back whole", async () => {
  const { it, now, setParameters } = sender({ active: true });
  await shapeSender("camera", it, "none");
  expect(setParameters).not.toHaveBeenCalled();
  await shapeSender("camera", it, "reduced");
  expect(now()).toEqual({ active: true, maxBitrate: 150_000, scaleResolutionDownBy: 2 });
  await shapeSender("camera", it, "reduced");
  expect(setParameters).toHaveBeenCalledOnce();
  await shapeSender("camera", it, "paused");
  expect(now()?.active).toBe(false);
  await shapeSender("camera", it, "none");
  expect(now()).toEqual({ active: true, scaleResolutionDownBy: 1 });
});

test("a screen keeps its pixels", async () => {
  const { it, now } = sender({ active: true });
  await shapeSender("screen", it, "reduced");
  expect(now()).toEqual({ active: true, maxBitrate: 150_000, scaleResolutionDownBy: 1 });
});

test("a browser that has no encodings yet, or refuses, is left as it is", async () => {
  await shapeSender("camera", sender(null).it, "reduced");
  await shapeSender("microphone", sender({ active: true }, true).it, "none");
});
