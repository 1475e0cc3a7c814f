/** How good a call is, from `getStats`: round trip, loss in the last interval, and the pair that the media takes. */
export interface Quality {
  roundTripMs: number | null;
  /** Per cent of the packets of the last interval. */
  lossPercent: number | null;
  level: "good" | "fair" | "poor" | "unknown";
  /** What makes it less than good. */
  reason: "loss" | "delay" | "bandwidth" | "server" | null;
  /** Whose network it is, where that can be told. */
  who: "me" | "other" | null;
  /** The selected pair: `host`, `srflx`, `prflx` or `relay` of both ends, and the protocol. */
  pair: { local: string; remote: string; protocol: string } | null;
}

/** Running totals of the last look, to take differences from. */
export interface Totals {
  received: number;
  lost: number;
}

/** The fields of the several stats dictionaries that are read here. */
interface Entry {
  id: string;
  type: string;
  [field: string]: unknown;
}

const number = (value: unknown): number => (typeof value === "number" ? value : 0);

function selectedPair(entries: Map<string, Entry>): Entry | undefined {
  const all = [...entries.values()];
  const transport = all.find(({ type, selectedCandidatePairId }) => type === "transport" && selectedCandidatePairId);
  const id = transport?.["selectedCandidatePairId"];
  if (typeof id === "string") return entries.get(id);
  // Firefox has no transport stats and marks the pair itself.
  return all.find(({ type, nominated, state }) => type === "candidate-pair" && nominated === true && state === "succeeded");
}

function levelOf(roundTripMs: number | null, lossPercent: number | null): Quality["level"] {
  if (roundTripMs === null && lossPercent === null) return "unknown";
  const slow = roundTripMs ?? 0;
  const lossy = lossPercent ?? 0;
  if (slow > 500 || lossy > 8) return "poor";
  return slow > 250 || lossy > 2 ? "fair" : "good";
}

export function assess(report: Iterable<Entry>, before: Totals): { quality: Quality; totals: Totals } {
  const entries = new Map([...report].map((entry) => [entry.id, entry]));
  const totals = { received: 0, lost: 0 };
  for (const entry of entries.values()) {
    if (entry.type !== "inbound-rtp") continue;
    totals.received += number(entry["packetsReceived"]);
    totals.lost += number(entry["packetsLost"]);
  }
  const received = totals.received - before.received;
  const lost = Math.max(0, totals.lost - before.lost);
  const lossPercent = received + lost > 0 ? (100 * lost) / (received + lost) : null;

  const pair = selectedPair(entries);
  const roundTrip = pair?.["currentRoundTripTime"];
  const roundTripMs = typeof roundTrip === "number" ? Math.round(roundTrip * 1000) : null;
  const end = (field: string): Entry | undefined => entries.get(String(pair?.[field]));
  return {
    totals,
    quality: {
      roundTripMs,
      lossPercent,
      level: levelOf(roundTripMs, lossPercent),
      reason: null,
      who: null,
      pair:
        pair === undefined
          ? null
          : {
              local: String(end("localCandidateId")?.["candidateType"] ?? "?"),
              remote: String(end("remoteCandidateId")?.["candidateType"] ?? "?"),
              protocol: String(end("localCandidateId")?.["protocol"] ?? "?"),
            },
    },
  };
}
