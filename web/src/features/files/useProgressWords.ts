/** What an upload is doing, in a word: "1.2 of 8 MB", or what it waits for, or why it was refused. */
import { useTranslation } from "react-i18next";
import { useErrorWords } from "../../i18n/errorWords";
import { fileSize } from "../../lib/size";
import type { Upload } from "./model";

export function useProgressWords(): (upload: Upload) => string {
  const { t, i18n } = useTranslation();
  const errorWords = useErrorWords();
  return ({ state, stalled, sent, size, code }) => {
    if (state === "failed") return errorWords(code ?? "unknown");
    // A full server, say, is no missing network.
    if (stalled) return code === undefined ? t("files.stalled") : errorWords(code);
    if (state === "uploading" && sent > 0) return t("files.sent", { sent: fileSize(i18n.language, sent), of: fileSize(i18n.language, size) });
    return fileSize(i18n.language, size);
  };
}
