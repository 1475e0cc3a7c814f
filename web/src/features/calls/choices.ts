/** Which devices a person talks with, and how their sound is treated: chosen once, remembered in this browser. */
import { recall, remember } from "../../lib/storage";
import { Store } from "../../lib/store";

export interface Choices {
  /** Device ids; null is the system's default. */
  microphone: string | null;
  camera: string | null;
  speaker: string | null;
  noiseSuppression: boolean;
  echoCancellation: boolean;
  autoGainControl: boolean;
  /** The own picture is shown as in a looking glass. */
  mirror: boolean;
}

const KEY = "staffline.devices";

export const DEFAULT_CHOICES: Choices = {
  microphone: null,
  camera: null,
  speaker: null,
  noiseSuppression: true,
  echoCancellation: true,
  autoGainControl: true,
  mirror: true,
};

export class DeviceChoices {
  readonly chosen = new Store<Choices>(read());

  /** Takes effect at once, also in a running call. */
  choose(change: Partial<Choices>): void {
    const chosen = { ...this.chosen.get(), ...change };
    this.chosen.set(chosen);
    remember(KEY, JSON.stringify(chosen));
  }
}

/** What is stored may be of another version, or of nobody: each field counts only if it has the type of its default. */
function read(): Choices {
  const stored = parse(recall(KEY));
  const choices: Choices = { ...DEFAULT_CHOICES };
  for (const field of ["microphone", "camera", "speaker"] as const) {
    const value = stored[field];
    if (typeof value === "string") choices[field] = value;
  }
  for (const field of ["noiseSuppression", "echoCancellation", "autoGainControl", "mirror"] as const) {
    const value = stored[field];
    if (typeof value === "boolean") choices[field] = value;
  }
  return choices;
}

function parse(text: string | null): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? "{}");
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
