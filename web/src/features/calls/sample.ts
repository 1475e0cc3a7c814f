/** One look at `getStats`, in one shape for all browsers. Counters run from the beginning; two looks give rates. */
import type { Candidate } from "./details";

/** The fields of the several stats dictionaries that are read here. */
export interface Entry {
  id: string;
  type: string;
  [field: string]: unknown;
}

export const LINES = ["sound", "picture", "screen"] as const;
export type Line = (typeof LINES)[number];

export interface FlowSample {
  codec: string | null;
  packets: number;
  bytes: number;
  /** Inbound: packets that never came. Outbound: as the other end counts them. */
  lost: number;
  /** Outbound only: the share lost between the last two reports of the other end. */
  lossPercent: number | null;
  /** Outbound only: when the other end last reported; a report stays until the next. */
  reportedAt: number | null;
  jitterMs: number | null;
  width: number | null;
  height: number | null;
  fps: number | null;
  /** Inbound pictures that were decoded. */
  frames: number;
}

export interface Sample {
  /** Milliseconds of the browser's own clock. */
  at: number;
  inbound: Partial<Record<Line, FlowSample>>;
  outbound: Partial<Record<Line, FlowSample>>;
  roundTripMs: number | null;
  /** What the browser believes that the line upwards can take. */
  availableKbps: number | null;
  /** The browser has made the picture worse for want of this. */
  limitedBy: "bandwidth" | "cpu" | null;
  local: Candidate | null;
  remote: Candidate | null;
  encryption: string | null;
  /** By pair of candidates: how many checks were answered. Not every browser counts them. */
  answers: ReadonlyMap<string, number>;
}

const count = (value: unknown): number => (typeof value === "number" ? value : 0);
const known = (value: unknown, scale = 1): number | null => (typeof value === "number" ? value * scale : null);

export function takeSample(report: Iterable<Entry>): Sample {
  const entries = new Map([...report].map((entry) => [entry.id, entry]));
  const all = [...entries.values()];
  const transport = all.find(({ type, selectedCandidatePairId }) => type === "transport" && selectedCandidatePairId);
  const pair = selectedPair(entries, transport);
  const candidate = (field: string): Candidate | null => candidateOf(entries.get(String(pair?.[field])));
  const far = all.find(({ type, roundTripTime }) => type === "remote-inbound-rtp" && typeof roundTripTime === "number");
  const limited = all.find(({ type, qualityLimitationReason: why }) => type === "outbound-rtp" && (why === "bandwidth" || why === "cpu"));
  const roundTripMs = known(pair?.["currentRoundTripTime"], 1000) ?? known(far?.["roundTripTime"], 1000);
  return {
    at: Math.max(0, ...all.map(({ timestamp }) => count(timestamp))),
    inbound: flows(entries, "inbound-rtp"),
    outbound: flows(entries, "outbound-rtp"),
    roundTripMs: roundTripMs === null ? null : Math.round(roundTripMs),
    availableKbps: known(pair?.["availableOutgoingBitrate"], 1 / 1000),
    limitedBy: (limited?.["qualityLimitationReason"] as "bandwidth" | "cpu" | undefined) ?? null,
    local: candidate("localCandidateId"),
    remote: candidate("remoteCandidateId"),
    encryption: typeof transport?.["srtpCipher"] === "string" ? transport["srtpCipher"] : null,
    answers: new Map(all.filter(({ type }) => type === "candidate-pair").map((one) => [one.id, count(one["responsesReceived"])])),
  };
}

/** Whether the way was seen to be open between two looks: packets came, or the other side answered a check. */
export function isOpen(now: Sample, before: Sample): boolean {
  return received(now) > received(before) || [...now.answers].some(([pair, answers]) => answers > (before.answers.get(pair) ?? 0));
}

/** RTP packets that have come in all. */
export function received({ inbound }: Sample): number {
  return LINES.reduce((sum, line) => sum + (inbound[line]?.packets ?? 0), 0);
}

/** Whether the picture has not changed between two looks, though something came. */
export function stands(now: Sample, before: Sample | null): boolean {
  const [is, was] = [now.inbound.picture?.frames ?? 0, before?.inbound.picture?.frames];
  return is > 0 && is === was && before !== null && received(now) > received(before);
}

/** Whether anything went out on this line between two looks. What a browser tells of one that rests is of yesterday. */
export function sends(line: Line, now: Sample, before: Sample | null): boolean {
  return before === null || (now.outbound[line]?.packets ?? 0) > (before.outbound[line]?.packets ?? 0);
}

function selectedPair(entries: Map<string, Entry>, transport: Entry | undefined): Entry | undefined {
  const id = transport?.["selectedCandidatePairId"];
  if (typeof id === "string") return entries.get(id);
  // Firefox marks the pair itself.
  return [...entries.values()].find(
    ({ type, nominated, state }) => type === "candidate-pair" && nominated === true && state === "succeeded",
  );
}

function candidateOf(entry: Entry | undefined): Candidate | null {
  if (entry === undefined) return null;
  // Of a relayed one the plain protocol is that between the relay and the other side.
  return { type: String(entry["candidateType"] ?? "?"), protocol: String(entry["relayProtocol"] ?? entry["protocol"] ?? "?") };
}

function flows(entries: Map<string, Entry>, type: "inbound-rtp" | "outbound-rtp"): Partial<Record<Line, FlowSample>> {
  const found: Partial<Record<Line, FlowSample>> = {};
  const inbound = type === "inbound-rtp";
  for (const entry of entries.values()) {
    if (entry.type !== type) continue;
    const line = lineOf(entry, found);
    const far = inbound ? undefined : farEnd(entries, entry.id);
    found[line] = {
      codec: codecOf(entries.get(String(entry["codecId"]))),
      packets: count(entry[inbound ? "packetsReceived" : "packetsSent"]),
      bytes: count(entry[inbound ? "bytesReceived" : "bytesSent"]),
      lost: count((inbound ? entry : far)?.["packetsLost"]),
      lossPercent: known(far?.["fractionLost"], 100),
      reportedAt: known(far?.["timestamp"]),
      jitterMs: known((inbound ? entry : far)?.["jitter"], 1000),
      width: known(entry["frameWidth"]),
      height: known(entry["frameHeight"]),
      fps: known(entry["framesPerSecond"]),
      frames: count(entry["framesDecoded"]),
    };
  }
  return found;
}

/** The m-lines stand in the order sound, camera, screen; a browser that does not name them lists them in it. */
function lineOf(entry: Entry, found: Partial<Record<Line, FlowSample>>): Line {
  if (entry["kind"] !== "video") return "sound";
  if (entry["mid"] === "2") return "screen";
  return found.picture === undefined || entry["mid"] === "1" ? "picture" : "screen";
}

function farEnd(entries: Map<string, Entry>, outboundId: string): Entry | undefined {
  return [...entries.values()].find(({ type, localId }) => type === "remote-inbound-rtp" && localId === outboundId);
}

function codecOf(entry: Entry | undefined): string | null {
  const mime = entry?.["mimeType"];
  return typeof mime === "string" ? mime.replace(/^\w+\//u, "") : null;
}
