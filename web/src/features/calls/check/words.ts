/** What a check found, in words: on the screen, and as a text to be sent to somebody. */
import i18next, { type TFunction } from "i18next";
import type { CheckView } from "./check";
import { LEGS, type CheckVerdict, type Leg, type Outcome } from "./model";

export type CheckWords = TFunction<"check">;

/** What an admin calls it, in every language. */
const TECHNICAL: Partial<Record<Leg, string>> = {
  signalling: "WebSocket",
  udp: "STUN, UDP",
  turn_udp: "TURN, UDP",
  turn_tcp: "TURN, TCP",
  turn_tls: "TURN, TLS",
  tcp: "ICE-TCP",
  media_node: "WebRTC",
};

/** Verdicts about which an admin can do something. */
const TELLS = {
  udp_blocked: "verdict.udp_blocked.tell",
  tls_only: "verdict.tls_only.tell",
  proxy: "verdict.proxy.tell",
  relay_unreachable: "verdict.relay_unreachable.tell",
  media_node_unreachable: "verdict.media_node_unreachable.tell",
  clock_off: "verdict.clock_off.tell",
  signalling_down: "verdict.signalling_down.tell",
} as const satisfies Partial<Record<CheckVerdict, string>>;

export type LegState = "waiting" | "running" | "ok" | "failed" | "skipped";

export function stateOf({ outcomes, running, stage }: CheckView, leg: Leg): LegState {
  const outcome = outcomes[leg];
  if (outcome != null) return outcome.ok ? "ok" : "failed";
  if (running === leg) return "running";
  return outcome === null || stage === "done" ? "skipped" : "waiting";
}

/** Where the server is: as the relay's address says, or the page's. */
export function placeOf({ server }: CheckView): { host: string; port: string } {
  return server ?? { host: location.hostname, port: location.port || (location.protocol === "http:" ? "80" : "443") };
}

/** Empty where an admin cannot help. */
export function tellOf(t: CheckWords, view: CheckView): string {
  const { verdict } = view;
  return verdict !== null && verdict in TELLS ? t(TELLS[verdict as keyof typeof TELLS], placeOf(view)) : "";
}

/** Under the name of a leg: what an admin calls it, and what the browser says of a failure. */
export function technicalOf(leg: Leg, outcome: Outcome | undefined): string {
  const said = outcome?.ok === false && leg !== "clock" ? outcome.detail : undefined;
  return [TECHNICAL[leg], said].filter(Boolean).join(" · ");
}

/** What the row of a leg says beside its name. */
export function detailOf(t: CheckWords, leg: Leg, outcome: Outcome | undefined): string {
  if (outcome == null) return "";
  if (leg === "clock") return outcome.detail?.replace(" s", t("seconds", { value: "" })) ?? "";
  if (leg === "microphone" || leg === "camera") return outcome.ok ? (outcome.detail ?? "") : "";
  return outcome.ms === undefined || !outcome.ok ? "" : t("ms", { value: Math.round(outcome.ms) });
}

/** For an admin, in the reader's language, with what the browser itself says of failures. */
export function asText(t: CheckWords, view: CheckView, when: string, agent: string): string {
  const { verdict, outcomes } = view;
  const head = [t("report.title", { when }), location.origin];
  const said = verdict === null ? [] : [t(`verdict.${verdict}.title`), tellOf(t, view)];
  const legs = LEGS.map((leg) => {
    const technical = TECHNICAL[leg] ?? "";
    const { ok, ms, detail } = outcomes[leg] ?? {};
    const rest = [t(`state.${stateOf(view, leg)}`), ok === true && ms !== undefined ? t("ms", { value: Math.round(ms) }) : "", detail ?? ""];
    return `${t(`leg.${leg}`)}${technical === "" ? "" : ` (${technical})`}: ${rest.filter(Boolean).join(", ")}`;
  });
  return [...head, "", ...said.filter(Boolean), "", ...legs, "", t("report.browser", { agent })].join("\n");
}

/** Why a call failed, and what to tell whom. */
export function reasonOf(verdict: CheckVerdict): string {
  return i18next.getFixedT(null, "check")(`reason.${verdict}`);
}
