/** How much of the line each sender may take. Sound comes first. */
import { ENCODINGS, type PictureLimit } from "./degrade";

type Line = "microphone" | "camera" | "screen";

/**
 * Of sound that goes out twice, Chromium counts the headers of IP, UDP, RTP and SRTP within its bitrate: of 32,000 bit/s, 6,000 would be left to
 * Opus. So it is told as much more; and a browser's default, which is as low, is said.
 */
const HEADERS = 28_000;
const DEFAULT_SOUND = 32_000;

/** A screen keeps its pixels, or nobody could read it; it only gets fewer of them a second. */
function shape(line: Line, limit: PictureLimit, doubled: boolean): Partial<RTCRtpEncodingParameters> {
  const { sound, picture } = ENCODINGS[limit];
  const maxBitrate = doubled ? (sound ?? DEFAULT_SOUND) + HEADERS : sound;
  if (line === "microphone") return { priority: "high", networkPriority: "high", maxBitrate };
  return line === "screen" ? { ...picture, scaleResolutionDownBy: 1 } : picture;
}

/** Nothing to do where it is so already: each change makes the encoder begin anew. */
export async function shapeSender(line: Line, sender: RTCRtpSender, limit: PictureLimit): Promise<void> {
  const parameters = sender.getParameters();
  const [encoding] = parameters.encodings ?? [];
  if (encoding === undefined) return;
  const wanted = shape(line, limit, parameters.codecs?.[0]?.mimeType.toLowerCase() === "audio/red");
  const same = Object.entries(wanted).every(([field, value]) => {
    const now = encoding[field as keyof RTCRtpEncodingParameters];
    return now === value || (field === "scaleResolutionDownBy" && value === 1 && now === undefined);
  });
  if (same) return;
  Object.assign(encoding, wanted);
  if (wanted.maxBitrate === undefined) delete encoding.maxBitrate;
  try {
    await sender.setParameters(parameters);
  } catch {
    // A browser that knows no priorities refuses; what it chooses by itself will do.
  }
}
