/** Every kind of network that somebody has met, and what is said of it. */
import { expect, test } from "vitest";
import { NETWORK_LEGS, LEGS, toResults, type CheckVerdict, type Leg, type Outcomes } from "./model";
import { judge } from "./verdict";

/** All legs work but those named; those in `absent` were not tried. */
function found(failed: Leg[], absent: Leg[] = []): Outcomes {
  return Object.fromEntries(LEGS.map((leg) => [leg, absent.includes(leg) ? null : { ok: !failed.includes(leg) }]));
}

test.each<[string, CheckVerdict, Leg[], Leg[]]>([
  ["an open network", "ok", [], []],
  ["a server without TLS", "ok", [], ["turn_tls"]],
  ["UDP dropped", "udp_blocked", ["udp", "turn_udp"], []],
  ["UDP dropped, a server without TLS", "udp_blocked", ["udp", "turn_udp"], ["turn_tls"]],
  ["STUN answers, the relay over UDP does not", "udp_blocked", ["turn_udp"], []],
  ["STUN that says nothing, and a relay that answers over UDP", "ok", ["udp"], []],
  ["nothing but TLS", "tls_only", ["udp", "turn_udp", "turn_tcp", "tcp"], []],
  ["a proxy that leads to the relay", "proxy", ["udp", "turn_udp", "tcp"], []],
  ["a wall", "relay_unreachable", ["udp", "turn_udp", "turn_tcp", "turn_tls", "tcp", "media_node"], []],
  ["a wall, a server without TLS", "relay_unreachable", ["udp", "turn_udp", "turn_tcp", "tcp"], ["turn_tls"]],
  ["a wall, for one without a microphone", "relay_unreachable", ["turn_udp", "turn_tcp", "turn_tls", "microphone"], []],
  ["a media node that is away", "media_node_unreachable", ["media_node", "tcp"], []],
  ["a microphone that is denied", "no_microphone", ["microphone"], []],
  ["a microphone that is denied, behind a strict wall", "no_microphone", ["microphone", "udp", "turn_udp"], []],
  ["no camera", "no_camera", ["camera"], []],
  ["no camera, UDP dropped", "udp_blocked", ["camera", "udp", "turn_udp"], []],
  ["a wrong clock", "clock_off", ["clock"], []],
  ["TLS refused where all else works: calls do not need it", "ok", ["turn_tls"], []],
  ["no server", "signalling_down", ["signalling"], LEGS.filter((leg) => leg !== "signalling")],
])("%s: %s", (_, verdict, failed, absent) => expect(judge(found(failed, absent))).toBe(verdict));

test("a proxy that leads to the media node as well, in a network that knows no names outside", () => {
  const unknown = { ok: false, detail: "701 TURN host lookup received error." };
  expect(judge({ ...found(["udp"]), turn_udp: unknown })).toBe("proxy");
  expect(judge({ ...found(["udp"]), turn_udp: { ok: false, detail: "701 TURN allocate request timed out." } })).toBe("udp_blocked");
});

test("a check that nobody watches opens no device", () => {
  expect(NETWORK_LEGS).not.toContain("microphone");
  expect(NETWORK_LEGS).not.toContain("camera");
  expect(NETWORK_LEGS.length).toBe(LEGS.length - 2);
});

test("the server is told of what was tried, in whole milliseconds and few words", () => {
  const outcomes: Outcomes = { signalling: { ok: true, ms: 12.6 }, udp: null, turn_udp: { ok: false, detail: "x".repeat(400) } };
  expect(toResults(outcomes)).toEqual([
    { leg: "signalling", ok: true, ms: 13, detail: null },
    { leg: "turn_udp", ok: false, ms: null, detail: "x".repeat(300) },
  ]);
});
