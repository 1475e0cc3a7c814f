/** Which conversation a rule is for, found by the name of the group or of one of the two. Admins see names only, and each look is an entry of the log. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { MessagesSquare, UsersRound } from "lucide-react";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { findConversations } from "../../../api/conversationNames";
import { useDebounced } from "../../../lib/useDebounced";
import { SearchField } from "../../../ui/SearchField";
import { Skeleton } from "../../../ui/states";
import { ConversationName, useConversationWords } from "./ConversationName";

const REST_MS = 250;

export interface ConversationFieldProps {
  /** Its id; empty while none is chosen. */
  value: string;
  error: string | null;
  onChange(id: string): void;
}

export function ConversationField({ value, error, onChange }: ConversationFieldProps) {
  const { t } = useTranslation();
  const id = useId();
  const [text, setText] = useState("");
  const wanted = useDebounced(text.trim(), REST_MS);
  const found = useQuery({ queryKey: ["conversation-names", wanted], queryFn: () => findConversations({ q: wanted }), placeholderData: keepPreviousData });
  const words = useConversationWords();
  return (
    <div role="group" aria-labelledby={id} className="flex flex-col gap-2">
      <p id={id} className="text-sm text-muted">
        {t("recordingAdmin.form.whichConversation")}
        {value !== "" && (
          <>
            {": "}
            <span className="font-medium text-text">
              <ConversationName id={value} />
            </span>
          </>
        )}
      </p>
      <SearchField
        label={t("recordingAdmin.form.findConversation")}
        placeholder={t("recordingAdmin.form.findConversation")}
        value={text}
        onChange={setText}
      />
      <div className="max-h-52 overflow-y-auto rounded-xl border border-line">
        {found.data === undefined && <Skeleton className="m-3 h-10" />}
        {found.data?.length === 0 && <p className="p-3 text-sm text-muted">{t("recordingAdmin.form.noConversation")}</p>}
        {found.data?.map((one) => (
          <label key={one.id} className="flex min-h-11 cursor-pointer items-center gap-3 px-3 hover:bg-panel has-focus-visible:outline-2 has-focus-visible:outline-accent">
            <input
              type="radio"
              name={id}
              checked={one.id === value}
              aria-invalid={error !== null}
              onChange={() => onChange(one.id)}
              className="size-4 shrink-0 accent-(--accent)"
            />
            {one.kind === "group" ? (
              <UsersRound size={16} aria-hidden className="shrink-0 text-muted" />
            ) : (
              <MessagesSquare size={16} aria-hidden className="shrink-0 text-muted" />
            )}
            <span className="min-w-0 truncate">{words(one)}</span>
          </label>
        ))}
      </div>
      {error !== null && <p className="text-sm text-danger">{error}</p>}
    </div>
  );
}
