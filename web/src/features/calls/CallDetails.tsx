/** What the call is made of, in figures: for those who look for the reason of something. */
import clsx from "clsx";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { CallPath } from "../../api/types";
import { IconButton } from "../../ui/Button";
import type { Candidate, FlowDetails, PictureDetails } from "./details";
import { PATHS } from "./paths";
import { shownState } from "./recording/look";
import type { CallView } from "./view";

export function CallDetails({ view: { call, details }, onClose }: { view: CallView; onClose: () => void }) {
  const { t } = useTranslation();
  const ms = (value: number | null | undefined): string => (value == null ? "" : t("call.detail.ms", { value: Math.round(value) }));
  return (
    <section
      aria-label={t("call.details")}
      className={clsx(
        "absolute inset-x-3 top-[calc(4.5rem+env(safe-area-inset-top))] z-30 max-h-[calc(100%-13rem)] animate-rise overflow-y-auto rounded-2xl border border-line bg-raised/95 p-4 text-sm text-text shadow-big backdrop-blur-sm md:right-auto md:w-88",
        // The sign of the recording stays in sight.
        shownState(call?.recording) !== null && "max-md:top-[calc(7.75rem+env(safe-area-inset-top))] max-md:max-h-[calc(100%-16.25rem)]",
      )}
    >
      <div className="-mt-2 -mr-2 flex items-center">
        <h2 className="flex-1 text-base font-semibold">{t("call.details")}</h2>
        <IconButton label={t("app.close")} autoFocus onClick={onClose} className="text-muted hover:bg-panel">
          <X size={20} />
        </IconButton>
      </div>
      <dl className="m-0 grid grid-cols-[auto_1fr] gap-x-4 gap-y-1.5 tabular-nums">
        <Path call={call} />
        <Transport candidate={details?.local} />
        <Line what={t("call.detail.roundTrip")}>{ms(details?.roundTripMs)}</Line>
        <Line what={t("call.detail.jitter")}>{ms(details?.jitterMs)}</Line>
        <Flow what={t("call.detail.soundIn")} flow={details?.soundIn} />
        <Flow what={t("call.detail.soundOut")} flow={details?.soundOut} />
        <Flow what={t("call.detail.pictureIn")} flow={details?.pictureIn} />
        <Flow what={t("call.detail.pictureOut")} flow={details?.pictureOut} />
        <Flow what={t("call.detail.screenIn")} flow={details?.screenIn} />
        <Flow what={t("call.detail.screenOut")} flow={details?.screenOut} />
        <Address what={t("call.detail.local")} candidate={details?.local} />
        <Address what={t("call.detail.remote")} candidate={details?.remote} />
        <Line what={t("call.detail.encryption")}>{details?.encryption?.replaceAll("_", " ")}</Line>
      </dl>
    </section>
  );
}

/** Nothing is shown where nothing is known. */
function Line({ what, children }: { what: string; children: ReactNode }) {
  if (children == null || children === "" || children === false) return null;
  return (
    <>
      <dt className="text-muted">{what}</dt>
      <dd className="m-0 text-right wrap-anywhere">{children}</dd>
    </>
  );
}

const RULES = { default: "call.detail.rules.default" } as const;

function Path({ call }: { call: CallView["call"] }) {
  const { t } = useTranslation();
  const name = (path: CallPath): string => t(PATHS[path].name);
  const rule = call?.path_rule ?? "";
  const known = rule in RULES ? RULES[rule as keyof typeof RULES] : null;
  return (
    <>
      <Line what={t("call.detail.path")}>
        {call?.path == null ? t("call.detail.unknown") : name(call.path)}
        {call?.moved_from != null && ` (${t("call.detail.from", { path: name(call.moved_from) })})`}
      </Line>
      <Line what={t("call.detail.rule")}>{known === null ? rule : t(known)}</Line>
    </>
  );
}

function isFlowing(flow: FlowDetails | undefined): flow is FlowDetails {
  return flow !== undefined && (flow.kbps ?? 0) > 0;
}

function Flow({ what, flow }: { what: string; flow: FlowDetails | PictureDetails | undefined }) {
  const { t } = useTranslation();
  if (!isFlowing(flow)) return null;
  const parts = [flow.codec];
  if ("width" in flow && flow.width !== null && flow.height !== null) parts.push(`${flow.width}×${flow.height}`);
  if ("fps" in flow && flow.fps !== null) parts.push(t("call.detail.fps", { value: Math.round(flow.fps) }));
  if (flow.kbps !== null) parts.push(t("call.detail.kbps", { value: Math.round(flow.kbps) }));
  if (flow.lossPercent !== null) parts.push(t("call.detail.loss", { value: flow.lossPercent.toFixed(1) }));
  return <Line what={what}>{parts.filter(Boolean).join(" · ")}</Line>;
}

const TRANSPORTS = { udp: "call.detail.transports.udp", tcp: "call.detail.transports.tcp", tls: "call.detail.transports.tls" } as const;

/** How the media leaves this computer: what a strict network lets out. */
function Transport({ candidate }: { candidate: Candidate | null | undefined }) {
  const { t } = useTranslation();
  if (candidate == null) return null;
  const { protocol } = candidate;
  return (
    <Line what={t("call.detail.transport")}>
      {protocol in TRANSPORTS ? t(TRANSPORTS[protocol as keyof typeof TRANSPORTS]) : protocol.toUpperCase()}
    </Line>
  );
}

const CANDIDATES = {
  host: "call.detail.candidate.host",
  srflx: "call.detail.candidate.srflx",
  prflx: "call.detail.candidate.prflx",
  relay: "call.detail.candidate.relay",
} as const;

function Address({ what, candidate }: { what: string; candidate: Candidate | null | undefined }) {
  const { t } = useTranslation();
  if (candidate == null) return null;
  const known = candidate.type in CANDIDATES ? t(CANDIDATES[candidate.type as keyof typeof CANDIDATES]) : candidate.type;
  return <Line what={what}>{known}</Line>;
}
