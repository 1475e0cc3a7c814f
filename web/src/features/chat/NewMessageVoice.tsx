/** Says new messages of others to screen readers, and only those that come while the chat is open. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMe } from "../users";
import { usePeople } from "./face";
import { usePreview } from "./preview";
import type { Entry } from "./timeline";

export function NewMessageVoice({ last }: { last: Entry | undefined }) {
  const { t } = useTranslation();
  const { id: me } = useMe();
  const people = usePeople();
  const preview = usePreview(me, people);
  // What was there when the chat was opened is not new.
  const [known] = useState(last?.key);
  const fresh = last?.kind === "text" && last.key !== known && !last.own ? last.message : null;
  return (
    <p aria-live="polite" className="sr-only">
      {fresh === null ? "" : t("chat.said", { name: people.get(fresh.sender_id)?.name ?? "…", text: preview(fresh).text })}
    </p>
  );
}
