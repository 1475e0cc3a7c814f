/** Opens the browser's choice of files; on a phone that offers camera and gallery too. */
import { Paperclip } from "lucide-react";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "../../ui/Button";
import { useAddFiles } from "./useAddFiles";

export function AttachButton({ conversationId }: { conversationId: string }) {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  const add = useAddFiles(conversationId);
  return (
    <>
      <IconButton label={t("files.attach")} onClick={() => input.current?.click()} className="text-muted hover:bg-panel hover:text-text">
        <Paperclip size={22} aria-hidden />
      </IconButton>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        onChange={({ currentTarget }) => {
          add([...(currentTarget.files ?? [])]);
          // So that the same file can be picked again.
          currentTarget.value = "";
        }}
      />
    </>
  );
}
