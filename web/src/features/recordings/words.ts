/** Recordings in words: who, when, in which state. */
import { useTranslation } from "react-i18next";
import type { RecordingEntry } from "../../api/recordings";
import { mediumDate } from "../../lib/time";
import { useNameOf } from "../users";

type Both = Pick<RecordingEntry, "caller_id" | "callee_id">;

export function useBoth(): (of: Both) => string {
  const { t } = useTranslation();
  const nameOf = useNameOf();
  return ({ caller_id, callee_id }) => t("recordings.between", { caller: nameOf(caller_id), callee: nameOf(callee_id) });
}

export function useWhen(): (at: number) => string {
  const { i18n } = useTranslation();
  return (at) => mediumDate(i18n.language, at);
}

/** A word of a closed list, or the server's own where it is newer than this page. */
export function known<Word extends string>(words: Record<Word, string>, word: string): word is Word {
  return Object.hasOwn(words, word);
}
