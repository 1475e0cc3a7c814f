/** A message in one line: for rows of lists and for notices. */
import { FileText, Image, Mic, Music, Phone, PhoneMissed, Video, type LucideIcon } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Attachment, Message } from "../../api/types";
import { isMissed, useCallWords } from "../calls";
import { useNoticeWords, type Names } from "./noticeWords";

export interface Preview {
  Icon: LucideIcon | null;
  text: string;
  /** Said by somebody: a row may put their name before it. */
  said: boolean;
}

const ICONS: Record<Attachment["kind"], LucideIcon> = { image: Image, video: Video, audio: Music, voice: Mic, file: FileText };

export function usePreview(me: string, names: Names): (message: Message) => Preview {
  const { t } = useTranslation();
  const callWords = useCallWords();
  const noticeWords = useNoticeWords(me, names);

  const files = (attachments: readonly Attachment[]): string => {
    const [first] = attachments;
    if (first === undefined) return "";
    const count = attachments.length;
    if (attachments.every(({ kind }) => kind === "image")) return count === 1 ? t("preview.photo") : t("preview.photos", { count });
    if (count > 1) return t("preview.files", { count });
    if (first.kind === "voice" || first.kind === "video") return t(`preview.${first.kind}`);
    return first.name;
  };

  return (message) => {
    switch (message.kind) {
      case "text": {
        const first = message.attachments[0];
        const text = message.text.replace(/\s+/gu, " ").trim();
        return { Icon: first === undefined ? null : ICONS[first.kind], text: text === "" ? files(message.attachments) : text, said: true };
      }
      case "call": {
        const outgoing = message.call.caller_id === me;
        const Icon = isMissed(message.call, outgoing) ? PhoneMissed : message.call.kind === "video" ? Video : Phone;
        return { Icon, text: callWords(message.call, outgoing).title, said: false };
      }
      case "notice":
        return { Icon: null, text: noticeWords(message.notice, message.sender_id), said: false };
      case "deleted":
        return { Icon: null, text: t("preview.deleted"), said: false };
    }
  };
}
