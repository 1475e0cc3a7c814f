/** Who talks to whom, over which path and why; an admin may move a call to the media node. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Phone, PhoneOutgoing, Video } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { codeOf } from "../../../../api/http";
import { moveCall } from "../../../../api/routes";
import type { LiveCall, RelayReport } from "../../../../api/types";
import { useErrorWords } from "../../../../i18n/errorWords";
import { clock, duration, fullDate } from "../../../../lib/time";
import { useNow } from "../../../../lib/useNow";
import { Button } from "../../../../ui/Button";
import { Card } from "../../../../ui/Card";
import { Confirm } from "../../../../ui/Confirm";
import { useNameOf } from "../../../users";
import { PATH_ICONS, PathChip } from "../PathChip";
import { DEFAULT_RULE } from "../policy/draft";
import { Figures } from "./Figures";
import { RELAY_KEY } from "./useRelay";

const PATHS = ["direct", "relayed", "media_node"] as const;

export function LiveCalls({ report: { now, live_calls: calls }, stale }: { report: RelayReport; stale: boolean }) {
  const { t, i18n } = useTranslation();
  const number = new Intl.NumberFormat(i18n.language);
  const [asked, setAsked] = useState<LiveCall | null>(null);
  const figures = [
    ...PATHS.map((path) => ({ label: t(`callAdmin.path.${path}`), value: number.format(now.calls[path]), Icon: PATH_ICONS[path] })),
    { label: t("callAdmin.live.ringing"), value: number.format(now.ringing), Icon: PhoneOutgoing },
  ];
  return (
    <Card title={t("callAdmin.live.title")} note={t(stale ? "callAdmin.live.stale" : "callAdmin.live.note")}>
      <Figures figures={figures} className="grid-cols-2 md:grid-cols-4" />
      {calls.length === 0 ? (
        <p className="mt-3 text-muted">{t("callAdmin.live.none")}</p>
      ) : (
        <ul aria-label={t("callAdmin.live.list")} className="mt-2 divide-y divide-line">
          {calls.map((call) => (
            <Row key={call.id} call={call} onMove={() => setAsked(call)} />
          ))}
        </ul>
      )}
      {asked !== null && <Move call={asked} onClose={() => setAsked(null)} />}
    </Card>
  );
}

function useBoth(): (call: LiveCall) => { caller: string; callee: string } {
  const nameOf = useNameOf();
  return (call) => ({ caller: nameOf(call.caller_id), callee: nameOf(call.callee_id) });
}

function Row({ call, onMove }: { call: LiveCall; onMove: () => void }) {
  const { t } = useTranslation();
  const both = useBoth();
  const Icon = call.kind === "video" ? Video : Phone;
  const movable = call.answered_at != null && call.path !== "media_node";
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-2 py-3">
      <span role="img" aria-label={t(`call.${call.kind}`)} className="grid size-9 shrink-0 place-items-center rounded-full bg-panel text-muted">
        <Icon size={18} aria-hidden />
      </span>
      <div className="min-w-48 flex-1">
        <p className="font-medium wrap-anywhere">{t("callAdmin.live.between", both(call))}</p>
        <Since call={call} />
      </div>
      {call.path != null && (
        <div className="flex items-center gap-3 max-sm:basis-full max-sm:justify-between max-sm:pl-12">
          <PathChip path={call.path}>{t(`callAdmin.path.${call.path}`)}</PathChip>
          {movable && (
            <Button aria-label={t("callAdmin.live.moveFor", both(call))} onClick={onMove} className="px-3 text-sm">
              {t("callAdmin.live.move")}
            </Button>
          )}
        </div>
      )}
    </li>
  );
}

function Since({ call }: { call: LiveCall }) {
  const { t, i18n } = useTranslation();
  const now = useNow(1_000);
  const at = call.answered_at;
  if (at == null) return <p className="text-sm text-muted">{t("callAdmin.live.rings")}</p>;
  const rule = call.path_rule;
  return (
    <p className="text-sm wrap-anywhere text-muted">
      <time dateTime={new Date(at).toISOString()} title={fullDate(i18n.language, at)} className="tabular-nums">
        {t("callAdmin.live.since", { when: clock(i18n.language, at) })} · {duration(now - at)}
      </time>
      {rule != null && <> · {rule === DEFAULT_RULE ? t("callAdmin.live.byDefault") : t("callAdmin.live.rule", { rule })}</>}
    </p>
  );
}

function Move({ call, onClose }: { call: LiveCall; onClose: () => void }) {
  const { t } = useTranslation();
  const words = useErrorWords();
  const cache = useQueryClient();
  const both = useBoth();
  const move = useMutation({
    mutationFn: () => moveCall(call.id, "media_node"),
    onSuccess: () => void toast.success(t("callAdmin.live.moved")),
    onError: (error) => void toast.error(words(codeOf(error))),
    onSettled: () => {
      void cache.invalidateQueries({ queryKey: RELAY_KEY });
      onClose();
    },
  });
  return (
    <Confirm
      title={t("callAdmin.live.moveAsk")}
      detail={t("callAdmin.live.moveDetail", both(call))}
      action={t("callAdmin.live.move")}
      look="primary"
      busy={move.isPending}
      onConfirm={() => move.mutate()}
      onClose={onClose}
    />
  );
}
