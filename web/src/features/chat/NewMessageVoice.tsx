/** Says new messages of the other to screen readers, and only those that come while the chat is open. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Entry } from "./timeline";

export function NewMessageVoice({ last, name }: { last: Entry | undefined; name: string }) {
  const { t } = useTranslation();
  // What was there when the chat was opened is not new.
  const [known] = useState(last?.key);
  const fresh = last !== undefined && last.key !== known && !last.own && last.kind === "text";
  return (
    <p aria-live="polite" className="sr-only">
      {fresh ? t("chat.said", { name, text: last.text }) : ""}
    </p>
  );
}
