/** Puts files into the tray of a chat, and says which had no room. */
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { useUploads } from "./context";
import { MOST_IN_TRAY } from "./model";

export function useAddFiles(conversationId: string): (files: readonly File[]) => void {
  const { t } = useTranslation();
  const uploads = useUploads();
  return (files) => {
    const left = uploads.add(conversationId, files);
    if (left > 0) toast.error(t("files.tooMany", { count: left, most: MOST_IN_TRAY }));
  };
}
