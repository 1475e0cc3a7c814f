/** The notice in the reader's language, and in which language it is read: that is what is agreed to. Pure. */
import type { RecordingNotice } from "../../../api/types";

export interface NoticeText {
  purpose: string;
  language: "ru" | "en";
}

/** Where the text of one language was never written, the other one is shown. */
export function noticeText({ purpose_ru, purpose_en }: Pick<RecordingNotice, "purpose_ru" | "purpose_en">, language: string): NoticeText {
  const russian = { purpose: purpose_ru.trim(), language: "ru" } as const;
  const english = { purpose: purpose_en.trim(), language: "en" } as const;
  const [wanted, other] = language.split("-")[0] === "ru" ? [russian, english] : [english, russian];
  return wanted.purpose === "" && other.purpose !== "" ? other : wanted;
}
