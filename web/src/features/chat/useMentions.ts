/** Offers the members of a group while their name is typed after an `@`. */
import { useMemo, useState, type RefObject, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { useMe, useUsers } from "../users";
import { useConversation } from "./conversations";
import { insertText } from "./insertText";
import { candidates, mentioningAt, type Candidate } from "./mentions";

const NONE: Candidate[] = [];

export function useMentions(conversationId: string, text: string, input: RefObject<HTMLTextAreaElement | null>) {
  const { t } = useTranslation();
  const { id: me } = useMe();
  const conversation = useConversation(conversationId);
  const users = useUsers().data;
  const group = conversation?.kind === "group";
  /** Null while there is a selection, or no focus. */
  const [caret, setCaret] = useState<number | null>(null);
  const [dismissed, setDismissed] = useState<number | null>(null);
  const [place, setPlace] = useState({ of: "", index: 0 });

  const mentioning = group && caret !== null ? mentioningAt(text, caret) : null;
  const query = mentioning?.query;
  const options = useMemo(() => {
    if (query === undefined || conversation === undefined) return NONE;
    const ids = new Set(conversation.members.map(({ user_id }) => user_id));
    return candidates(query, (users ?? []).filter(({ id }) => ids.has(id) && id !== me));
  }, [query, conversation, users, me]);
  const open = mentioning !== null && mentioning.from !== dismissed && options.length > 0;
  // A changed query begins at the first again.
  const chosen = place.of === query ? Math.min(place.index, options.length - 1) : 0;

  function pick(candidate: Candidate | undefined): void {
    if (input.current === null || mentioning === null || caret === null || candidate === undefined) return;
    const name = candidate.kind === "all" ? t("compose.all") : candidate.user.login;
    input.current.focus();
    insertText(input.current, `@${name} `, mentioning.from, caret);
  }

  function move(step: number): void {
    setPlace({ of: query ?? "", index: (chosen + step + options.length) % options.length });
  }

  /** True if the key was for the list. */
  function onKey(key: string): boolean {
    if (!open) return false;
    if (key === "ArrowDown") move(1);
    else if (key === "ArrowUp") move(-1);
    else if (key === "Enter" || key === "Tab") pick(options[chosen]);
    else if (key === "Escape") setDismissed(mentioning.from);
    else return false;
    return true;
  }

  function onSelect({ currentTarget: { value, selectionStart, selectionEnd } }: SyntheticEvent<HTMLTextAreaElement>): void {
    setCaret(selectionStart === selectionEnd ? selectionStart : null);
    if (mentioningAt(value, selectionStart) === null) setDismissed(null);
  }

  return { group, open, options, chosen, pick, onKey, onSelect, onBlur: () => setCaret(null) };
}
