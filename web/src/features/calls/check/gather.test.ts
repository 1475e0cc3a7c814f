/** What counts as an answer of a STUN or TURN server. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { gather, GATHER_MS, type Gathered } from "./gather";

class FakeGathering {
  static last: FakeGathering;
  closed = false;
  iceGatheringState = "gathering";
  onicecandidate: ((event: object) => void) | null = null;
  onicecandidateerror: ((event: object) => void) | null = null;
  onicegatheringstatechange: (() => void) | null = null;
  constructor(readonly configuration: RTCConfiguration) {
    FakeGathering.last = this;
  }
  addTransceiver = (): void => undefined;
  createOffer = async (): Promise<object> => ({});
  setLocalDescription = async (): Promise<void> => undefined;
  close = (): void => void (this.closed = true);
  finds(type: string, protocol = "udp"): void {
    this.onicecandidate?.({ candidate: { type, candidate: `candidate:1 1 ${protocol} 1 host 1 typ ${type}` } });
  }
  says(errorCode: number, errorText: string): void {
    this.onicecandidateerror?.({ errorCode, errorText });
  }
  ends(): void {
    this.iceGatheringState = "complete";
    this.onicegatheringstatechange?.();
  }
}

const SERVER = { urls: ["turn:host:443?transport=tcp"], username: "u", credential: "c" };
const stop = new AbortController();

function begin(wanted: "relay" | "srflx", signal = stop.signal): Promise<Gathered> {
  return gather((configuration) => new FakeGathering(configuration) as unknown as RTCPeerConnection, SERVER, wanted, signal);
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  expect(FakeGathering.last.closed).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

test("a relay candidate is the proof, and how long it took is told", async () => {
  const found = begin("relay");
  expect(FakeGathering.last.configuration).toEqual({ iceServers: [SERVER], iceTransportPolicy: "relay" });
  await vi.advanceTimersByTimeAsync(80);
  FakeGathering.last.finds("relay");
  expect(await found).toMatchObject({ ok: true, ms: 80 });
});

test("own addresses prove nothing", async () => {
  const found = begin("relay");
  FakeGathering.last.finds("host");
  FakeGathering.last.says(701, "TURN allocate request timed out.");
  FakeGathering.last.ends();
  expect(await found).toMatchObject({ ok: false, detail: "701 TURN allocate request timed out." });
});

test("no answer at all", async () => {
  const found = begin("relay");
  await vi.advanceTimersByTimeAsync(GATHER_MS);
  expect(await found).toMatchObject({ ok: false, detail: "no answer" });
});

test("over UDP: an address as it is seen from outside", async () => {
  const found = begin("srflx");
  expect(FakeGathering.last.configuration.iceTransportPolicy).toBe("all");
  FakeGathering.last.finds("srflx");
  expect((await found).ok).toBe(true);
});

test("without a NAT the STUN server says nothing new, and yet it has answered", async () => {
  const found = begin("srflx");
  FakeGathering.last.finds("host");
  FakeGathering.last.finds("host", "tcp");
  FakeGathering.last.ends();
  expect((await found).ok).toBe(true);
});

test("a STUN server that is out of reach is no missing NAT", async () => {
  const found = begin("srflx");
  FakeGathering.last.finds("host");
  FakeGathering.last.finds("host", "tcp");
  FakeGathering.last.says(701, "STUN binding request timed out.");
  FakeGathering.last.ends();
  expect(await found).toMatchObject({ ok: false, detail: "701 STUN binding request timed out." });
});

test("stopped, it lets go", async () => {
  const mine = new AbortController();
  const found = begin("relay", mine.signal);
  mine.abort();
  expect((await found).ok).toBe(false);
});
