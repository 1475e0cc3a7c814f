/** A call in the history, with a way to call back. */
import clsx from "clsx";
import { Phone, PhoneIncoming, PhoneMissed, PhoneOutgoing, Video } from "lucide-react";
import { useTranslation } from "react-i18next";
import { clock, fullDate } from "../../lib/time";
import { IconButton } from "../../ui/Button";
import { isMissed, useCallWords, useCalls, useCanCall } from "../calls";
import type { CallEntry } from "./timeline";

export function CallCard({ entry, peerId }: { entry: CallEntry; peerId: string | undefined }) {
  const { t, i18n } = useTranslation();
  const calls = useCalls();
  const able = useCanCall(peerId);
  const { title, detail } = useCallWords()(entry.call, entry.own);
  const missed = isMissed(entry.call, entry.own);
  const Icon = missed ? PhoneMissed : entry.own ? PhoneOutgoing : PhoneIncoming;
  return (
    <div
      className={clsx(
        "flex w-80 max-w-[90%] items-center gap-3 rounded-[18px] bg-bubble p-2.5 shadow-soft",
        entry.own && "self-end",
      )}
    >
      <span
        aria-hidden="true"
        className={clsx("grid size-10 shrink-0 place-items-center rounded-full", missed ? "bg-danger/10 text-danger" : "bg-accent-soft text-accent")}
      >
        <Icon size={19} />
      </span>
      <div className="min-w-0 flex-1">
        <p className="font-medium">{title}</p>
        <p className="text-sm text-muted tabular-nums">
          <time dateTime={new Date(entry.at).toISOString()} title={fullDate(i18n.language, entry.at)}>
            {clock(i18n.language, entry.at)}
          </time>
          {detail !== "" && ` · ${detail}`}
        </p>
      </div>
      {peerId !== undefined && (
        <IconButton
          label={t("call.callBack")}
          disabled={!able}
          onClick={() => void calls.call(peerId, entry.call.kind)}
          className="text-accent hover:bg-accent-soft"
        >
          {entry.call.kind === "video" ? <Video size={20} /> : <Phone size={19} />}
        </IconButton>
      )}
    </div>
  );
}
