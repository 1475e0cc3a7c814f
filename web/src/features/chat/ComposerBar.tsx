/** Above the input: what is replied to, or which message is edited. */
import { Pencil, Reply, X } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Quote } from "../../api/types";
import { IconButton } from "../../ui/Button";
import { useMe, useUser } from "../users";
import type { Composing } from "./compose";

export interface ComposerBarProps {
  composing: Composing;
  onCancel(): void;
}

export function ComposerBar({ composing, onCancel }: ComposerBarProps) {
  const { t } = useTranslation();
  if (composing.mode === "new") return null;
  const editing = composing.mode === "edit";
  const Icon = editing ? Pencil : Reply;
  return (
    <div
      role="group"
      aria-label={editing ? t("compose.editing") : t("compose.replying")}
      className="flex animate-rise items-center gap-3 pt-2 pl-3"
    >
      <Icon size={20} aria-hidden className="shrink-0 text-accent" />
      <div className="flex min-w-0 flex-1 items-center gap-2 border-l-2 border-accent pl-2.5">
        {editing ? (
          <Lines title={t("compose.editing")} text={composing.message.text} />
        ) : (
          <Quoted quote={composing.quote} />
        )}
      </div>
      <IconButton
        label={editing ? t("compose.cancelEdit") : t("compose.cancelReply")}
        onClick={onCancel}
        onPointerDown={(event) => event.preventDefault()}
        className="text-muted hover:bg-panel"
      >
        <X size={20} />
      </IconButton>
    </div>
  );
}

function Quoted({ quote }: { quote: Quote }) {
  const { t } = useTranslation();
  const me = useMe();
  const sender = useUser(quote.sender_id);
  const name = quote.sender_id === me.id ? t("compose.yourself") : (sender?.name ?? "…");
  const { attachment } = quote;
  const kind = attachment?.kind === "file" ? attachment.name : attachment && t(`compose.kind.${attachment.kind}`);
  return (
    <>
      {attachment?.preview === true && (
        <img src={`/api/attachments/${attachment.id}/thumbnail`} alt="" className="size-9 shrink-0 rounded-md object-cover" />
      )}
      <Lines title={name} text={quote.deleted ? t("compose.deleted") : quote.text || kind || ""} />
    </>
  );
}

function Lines({ title, text }: { title: string; text: string }) {
  return (
    <div className="min-w-0">
      <p className="truncate text-sm font-semibold text-accent">{title}</p>
      <p className="truncate text-sm text-muted">{text}</p>
    </div>
  );
}
