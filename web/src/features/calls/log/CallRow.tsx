/** One call: with whom, which way, how it ended, when. The row opens the chat, the button calls back. */
import clsx from "clsx";
import { Phone, PhoneIncoming, PhoneMissed, PhoneOutgoing, Video } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { CallEntry, ListedUser } from "../../../api/types";
import { clock, fullDate } from "../../../lib/time";
import { Avatar } from "../../../ui/Avatar";
import { IconButton } from "../../../ui/Button";
import { useCanCall } from "../CallButtons";
import { isMissed, useCallWords } from "../callWords";
import { useCalls } from "../context";

export interface CallRowProps {
  call: CallEntry;
  me: string;
  /** Undefined only for somebody of whom the list of staff does not know yet. */
  person: ListedUser | undefined;
  onOpen(conversationId: string): void;
}

export function CallRow({ call, me, person, onOpen }: CallRowProps) {
  const { t, i18n } = useTranslation();
  const calls = useCalls();
  const able = useCanCall(person?.id);
  const outgoing = call.caller_id === me;
  const missed = isMissed(call, outgoing);
  const { brief } = useCallWords()(call, outgoing);
  const Icon = missed ? PhoneMissed : outgoing ? PhoneOutgoing : PhoneIncoming;
  const name = person?.name ?? t("call.log.unknownPerson");
  return (
    <li className="flex items-center rounded-2xl hover:bg-panel [contain-intrinsic-size:auto_64px] [content-visibility:auto]">
      <button
        type="button"
        onClick={() => onOpen(call.conversation_id)}
        className="flex h-16 min-w-0 flex-1 items-center gap-3 rounded-2xl px-2 text-left outline-offset-[-2px]"
      >
        <Avatar id={person?.id ?? ""} name={name} picture={person?.picture} />
        <span className="flex min-w-0 flex-1 flex-col gap-0.5">
          <span className={clsx("truncate font-medium", missed && "text-danger")}>{name}</span>
          <span className="flex min-w-0 items-center gap-1.5 text-sm text-muted">
            <Icon size={14} aria-hidden className={clsx("shrink-0", missed && "text-danger")} />
            {call.kind === "video" && <Video size={14} role="img" aria-label={t("call.video")} className="shrink-0" />}
            <span className="truncate tabular-nums">{brief}</span>
          </span>
        </span>
        <time
          dateTime={new Date(call.started_at).toISOString()}
          title={fullDate(i18n.language, call.started_at)}
          className="shrink-0 self-start pt-3.5 text-xs text-muted tabular-nums"
        >
          {clock(i18n.language, call.started_at)}
        </time>
      </button>
      {person !== undefined && person.deactivated_at == null && (
        <IconButton
          data-aside
          label={t("call.log.callBack", { name })}
          disabled={!able}
          onClick={() => void calls.call(person.id, call.kind)}
          className="text-accent hover:bg-accent-soft"
        >
          {call.kind === "video" ? <Video size={20} /> : <Phone size={19} />}
        </IconButton>
      )}
    </li>
  );
}
