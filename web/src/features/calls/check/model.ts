/** What a check of the connection is made of: its legs, what came of each, and the one thing that somebody should do something about. */
import type { CheckVerdict, Leg, LegResult, StartedCheck } from "../../../api/types";

export type { CheckVerdict, Leg, LegResult, StartedCheck };

/** In the order in which they are tried: from the server outwards, and the devices when the network is known. */
export const LEGS = [
  "signalling",
  "clock",
  "udp",
  "turn_udp",
  "turn_tcp",
  "turn_tls",
  "tcp",
  "microphone",
  "camera",
  "media_node",
] as const satisfies readonly Leg[];

/** Those that open no device, for a check that nobody watches. */
export const NETWORK_LEGS: readonly Leg[] = LEGS.filter((leg) => leg !== "microphone" && leg !== "camera");

/** `null`: this server has no such leg, or there was nothing to try it with. */
export type Outcome = { ok: boolean; ms?: number; detail?: string } | null;

/** Null for a leg that was left out. */
export type Outcomes = Partial<Record<Leg, Outcome>>;

/** The server takes no longer ones. */
const DETAIL = 300;

/** What is told to the server: only what was tried. */
export function toResults(outcomes: Outcomes): LegResult[] {
  return LEGS.flatMap((leg) => {
    const outcome = outcomes[leg];
    if (outcome == null) return [];
    const { ok, ms, detail } = outcome;
    return [{ leg, ok, ms: ms === undefined ? null : Math.round(ms), detail: detail?.slice(0, DETAIL) ?? null }];
  });
}
