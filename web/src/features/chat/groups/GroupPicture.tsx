/** The picture of a group, and the ways to change it. */
import { Camera, Trash2 } from "lucide-react";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { codeOf } from "../../../api/http";
import type { ListedConversation } from "../../../api/types";
import { useErrorWords } from "../../../i18n/errorWords";
import { Avatar } from "../../../ui/Avatar";
import { IconButton } from "../../../ui/Button";
import { useSetGroupPicture } from "./useGroups";

export function GroupPicture({ conversation: { id, name, picture } }: { conversation: ListedConversation }) {
  const { t } = useTranslation();
  const words = useErrorWords();
  const set = useSetGroupPicture(id);
  const input = useRef<HTMLInputElement>(null);
  const change = (file: Blob | null): void => set.mutate(file, { onError: (error) => void toast.error(words(codeOf(error))) });
  const button = "absolute -bottom-1 border border-line bg-raised text-text shadow-soft hover:bg-panel";
  return (
    <div className="relative" aria-busy={set.isPending}>
      <Avatar id={id} name={name ?? ""} picture={picture} size="xl" className={set.isPending ? "animate-pulse-soft" : ""} />
      <input
        ref={input}
        type="file"
        accept="image/*"
        aria-label={t("groups.picture")}
        tabIndex={-1}
        className="sr-only"
        onChange={(event) => {
          const file = event.target.files?.[0];
          // The same file may be chosen again.
          event.target.value = "";
          if (file !== undefined) change(file);
        }}
      />
      <IconButton label={t("groups.changePicture")} disabled={set.isPending} onClick={() => input.current?.click()} className={`${button} -right-2`}>
        <Camera size={18} />
      </IconButton>
      {picture != null && (
        <IconButton label={t("groups.removePicture")} disabled={set.isPending} onClick={() => change(null)} className={`${button} -left-2`}>
          <Trash2 size={18} />
        </IconButton>
      )}
    </div>
  );
}
