/** What this page says to the server about one call of its own. */
import type { CallKind, ClientFrame } from "../../api/types";
import type { SaidConsent } from "./consent";
import type { LeftCall } from "./resume";
import type { CallView } from "./view";

export class Sayings {
  readonly #send: (frame: ClientFrame) => boolean;
  /** What the server was last told of what is sent. */
  #media = "";

  constructor(send: (frame: ClientFrame) => boolean) {
    this.#send = send;
  }

  start(client_key: string, callee_id: string, kind: CallKind): boolean {
    return this.#send({ type: "call_start", client_key, callee_id, kind });
  }

  accept(call_id: string): boolean {
    return this.#send({ type: "call_accept", call_id });
  }

  /** On a new socket: the media of this page lives on. */
  resume(call_id: string, previous_device_id: string | null): void {
    this.#media = "";
    this.#send({ type: "call_accept", call_id, previous_device_id });
  }

  /** On a page that was loaded anew: it is the same, but its media is gone. */
  return({ call_id, device_id }: LeftCall): void {
    this.#send({ type: "call_accept", call_id, previous_device_id: device_id, anew: true });
  }

  consent(call_id: string, { version, language }: SaidConsent): void {
    this.#send({ type: "call_consent", call_id, notice_version: version, language });
  }

  record(call_id: string, on: boolean): void {
    this.#send({ type: "call_record", call_id, on });
  }

  leave(call_id: string): void {
    this.#send({ type: "call_leave", call_id });
  }

  /** Only to whom holds the call, and only what is new: another device of the same kind is not. */
  media({ call, microphone, camera, screen, onHold }: CallView): void {
    if (call?.phase !== "answered" || !call.here) return;
    const what = { microphone, camera, screen, on_hold: onHold };
    const words = JSON.stringify(what);
    if (words === this.#media) return;
    if (this.#send({ type: "call_media", call_id: call.id, ...what })) this.#media = words;
  }
}
