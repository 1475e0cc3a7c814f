/** How good a call is, and the one reason that somebody without a computer's vocabulary can use. */
import { LINES, sends, type Sample } from "./sample";

export interface Quality {
  roundTripMs: number | null;
  /** Per cent of the packets that should have come in the last interval. */
  lossPercent: number | null;
  level: "good" | "fair" | "poor" | "unknown";
  /** What makes it less than good. */
  reason: "loss" | "delay" | "bandwidth" | "server" | null;
  /** Whose network it is, where that can be told. */
  who: "me" | "other" | null;
  /** The selected pair: `host`, `srflx`, `prflx` or `relay` of both ends, and the protocol. */
  pair: { local: string; remote: string; protocol: string } | null;
}

type Level = Quality["level"];

/** From where on something is fair, and from where on poor. */
const LOSS_PERCENT = [2, 8] as const;
const ROUND_TRIP_MS = [250, 500] as const;
/** Below this no picture is possible, below the second even sound suffers. */
const AVAILABLE_KBPS = [200, 64] as const;

const ORDER: readonly Level[] = ["unknown", "good", "fair", "poor"];

function grade(value: number | null, [fair, poor]: readonly [number, number]): Level {
  if (value === null) return "unknown";
  if (value > poor) return "poor";
  return value > fair ? "fair" : "good";
}

const worse = (a: Level, b: Level): Level => (ORDER.indexOf(a) >= ORDER.indexOf(b) ? a : b);
const troubles = (level: Level): boolean => level === "fair" || level === "poor";

/** Loss of what comes in, between two looks. */
export function lossBetween(now: Sample, before: Sample | null): number | null {
  let [came, lost] = [0, 0];
  for (const line of LINES) {
    const [is, was] = [now.inbound[line], before?.inbound[line]];
    came += (is?.packets ?? 0) - (was?.packets ?? 0);
    lost += (is?.lost ?? 0) - (was?.lost ?? 0);
  }
  // Packets that were only late are taken back.
  lost = Math.max(0, lost);
  return came + lost > 0 ? (100 * lost) / (came + lost) : null;
}

/** Loss of what goes out, as the other end (or the server) reported last; `repeated` if it has said nothing since the look before. */
export function reportOut(now: Sample, before: Sample | null): { lossPercent: number | null; repeated: boolean } {
  const told = LINES.filter((line) => sends(line, now, before)).flatMap((line) => {
    const { lossPercent = null, reportedAt = null } = now.outbound[line] ?? {};
    const repeated = reportedAt !== null && reportedAt === before?.outbound[line]?.reportedAt;
    return lossPercent === null ? [] : [{ lossPercent, repeated }];
  });
  const fresh = told.filter(({ repeated }) => !repeated);
  const counted = fresh.length > 0 ? fresh : told;
  const lossPercent = counted.length === 0 ? null : Math.max(...counted.map((report) => report.lossPercent));
  return { lossPercent, repeated: told.length > 0 && fresh.length === 0 };
}

/** `onNode`: what is measured is the way to the server, which belongs to this end alone. */
export function assess(now: Sample, before: Sample | null, onNode = false): Quality {
  const [lossIn, out] = [lossBetween(now, before), reportOut(now, before).lossPercent];
  const inward = grade(lossIn, LOSS_PERCENT);
  const outward = grade(out, LOSS_PERCENT);
  const slow = grade(now.roundTripMs, ROUND_TRIP_MS);
  // The browser's estimate is low where little is sent: it counts only where the browser says that it holds the picture back.
  const narrow = now.limitedBy === "bandwidth" ? grade(negative(now.availableKbps), [-AVAILABLE_KBPS[0], -AVAILABLE_KBPS[1]]) : "good";
  const known = worse(worse(inward, outward), slow);
  const level = known === "unknown" ? "unknown" : worse(known, narrow);
  const common = { roundTripMs: now.roundTripMs, lossPercent: lossIn, pair: pairOf(now), level };
  const because = (reason: Quality["reason"], who: Quality["who"]): Quality => ({ ...common, reason, who });

  if (!troubles(level)) return because(null, null);
  if (level === outward) return because("loss", "me");
  // On the direct path nobody can tell on which half of the way a packet was lost; mostly it is the sender's.
  if (level === inward) return because("loss", "other");
  if (level === narrow) return because("bandwidth", "me");
  return because("delay", onNode ? "me" : null);
}

const negative = (value: number | null): number | null => (value === null ? null : -value);

function pairOf({ local, remote }: Sample): Quality["pair"] {
  if (local === null && remote === null) return null;
  return { local: local?.type ?? "?", remote: remote?.type ?? "?", protocol: local?.protocol ?? "?" };
}
