/** Of all that a check found, the one thing that somebody should do something about. Pure. */
import type { CheckVerdict, Leg, Outcomes } from "./model";

const RELAYS = ["turn_udp", "turn_tcp", "turn_tls"] as const satisfies readonly Leg[];

/** What keeps calls from working at all comes first; then what keeps one from being heard; then what makes calls worse. */
export function judge(outcomes: Outcomes): CheckVerdict {
  const failed = (leg: Leg): boolean => outcomes[leg]?.ok === false;
  const works = (leg: Leg): boolean => outcomes[leg]?.ok === true;
  if (failed("signalling")) return "signalling_down";
  if (RELAYS.some(failed) && !RELAYS.some(works)) return "relay_unreachable";
  if (failed("media_node")) return "media_node_unreachable";
  if (failed("microphone")) return "no_microphone";
  return network(outcomes, failed, works) ?? (failed("camera") ? "no_camera" : failed("clock") ? "clock_off" : "ok");
}

/** How browsers say that they could not find the address of a host. Behind a proxy that is the proxy's business. */
const NAME_UNKNOWN = /host lookup/i;

function network(outcomes: Outcomes, failed: (leg: Leg) => boolean, works: (leg: Leg) => boolean): CheckVerdict | null {
  // The relay is on the port of the STUN server: what reaches the one reaches the other.
  if (works("turn_udp") || (!failed("udp") && !failed("turn_udp"))) return null;
  if (failed("turn_udp") && failed("turn_tcp") && works("turn_tls")) return "tls_only";
  // A browser asks its proxy for the way to a relay, of which it does not even have to know the address; the media node some reach by
  // themselves only.
  const nameUnknown = [outcomes.udp, outcomes.turn_udp].some((outcome) => NAME_UNKNOWN.test(outcome?.detail ?? ""));
  if (failed("turn_udp") && works("turn_tcp") && (failed("tcp") || nameUnknown)) return "proxy";
  return "udp_blocked";
}
