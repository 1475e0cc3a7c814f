/**
 * Whether this side has agreed to the recording of one call. The server decides it, and tells it with each state of the call; here
 * is also what it has refused since its last state, and what the user has said and it has not confirmed yet. Pure.
 */
import type { CallRecording } from "../../api/types";

/**
 * `given`: agreed to, or nothing to agree to. `asked`: the notice is to be shown. `asked_anew`: another text than the one before.
 * `said`: agreed to here, and the server has yet to confirm it.
 */
export type ConsentStage = "given" | "asked" | "asked_anew" | "said";

export interface SaidConsent {
  version: number;
  /** In which the notice was read. */
  language: Language;
}

type Language = "ru" | "en";

/** Where nothing is recorded (any more), nobody has to agree. */
function asks({ state, consented }: CallRecording): boolean {
  return !consented && state !== "off" && state !== "failed";
}

export class Consent {
  #recording: CallRecording | null = null;
  #said: SaidConsent | null = null;
  /** The version that was agreed to last in this call. */
  #given: number | null = null;
  #refused = false;
  #anew = false;

  get stage(): ConsentStage {
    const recording = this.#recording;
    if (!this.#refused && (recording === null || !asks(recording))) return "given";
    if (this.#said !== null) return "said";
    return this.#anew ? "asked_anew" : "asked";
  }

  get isGiven(): boolean {
    return this.stage === "given";
  }

  /** Where a call is recorded in any case, it has no media before all have agreed and the recorder runs. */
  get letsConnect(): boolean {
    return this.isGiven && (this.#recording?.state !== "consent" || this.#recording.mode !== "always");
  }

  /** What was said and not confirmed: said again on a new socket. */
  get said(): SaidConsent | null {
    return this.#said;
  }

  /** A state of the call: newer than any refusal before it. */
  follow(recording: CallRecording | null): void {
    this.#recording = recording;
    this.#refused = false;
    if (recording === null) return;
    const { version } = recording.notice;
    if (this.#said?.version !== version || !asks(recording)) this.#said = null;
    if (recording.consented) [this.#given, this.#anew] = [version, false];
    else if (this.#given !== null && this.#given !== version) this.#anew = true;
  }

  /** Agrees to the notice that is shown. Null if there is none. */
  agree(language: Language): SaidConsent | null {
    if (this.#recording === null || this.isGiven) return null;
    this.#said = { version: this.#recording.notice.version, language };
    return this.#said;
  }

  /** True if the refusal is about consent: the notice is to be shown (again). */
  refuse(code: string): boolean {
    if (code !== "consent_needed" && code !== "consent_outdated") return false;
    this.#said = null;
    this.#refused = true;
    if (code === "consent_outdated") this.#anew = true;
    return true;
  }
}
