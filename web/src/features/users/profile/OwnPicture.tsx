/** Who one is for the others: the picture can be changed here, name and role by an admin. */
import { useMutation } from "@tanstack/react-query";
import { Camera, Trash2 } from "lucide-react";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { codeOf } from "../../../api/http";
import { removeOwnPicture, setOwnPicture } from "../../../api/routes";
import { useErrorWords } from "../../../i18n/errorWords";
import { Avatar } from "../../../ui/Avatar";
import { Button } from "../../../ui/Button";
import { RoleBadge } from "../PersonLine";
import { useMe } from "../session";

/** What the server can make a picture of. */
const KINDS = "image/jpeg,image/png,image/webp,image/gif";

export function OwnPicture() {
  const { t } = useTranslation();
  const words = useErrorWords();
  const me = useMe();
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  // The new picture comes as an event, to this page as to all others.
  const change = useMutation({
    mutationFn: (file: File | null) => (file === null ? removeOwnPicture() : setOwnPicture(file)),
    onSuccess: () => void toast.success(t("admin.changed")),
    onError: (error) => void toast.error(words(codeOf(error))),
  });

  return (
    <section
      aria-label={me.name}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const file = event.dataTransfer.files[0];
        if (file !== undefined) change.mutate(file);
      }}
      className={`flex flex-col items-center gap-4 rounded-3xl border bg-page p-6 text-center sm:flex-row sm:gap-6 sm:text-left ${over ? "border-accent" : "border-line"}`}
    >
      <Avatar id={me.id} name={me.name} picture={me.picture ?? null} size="xl" className={change.isPending ? "animate-pulse-soft" : ""} />
      <div className="flex min-w-0 flex-1 flex-col items-center sm:items-start">
        <h2 className="text-xl leading-7 font-semibold wrap-anywhere">{me.name}</h2>
        <p className="mt-1 mb-1.5 text-sm wrap-anywhere text-muted">
          {me.login} · {me.email}
        </p>
        <RoleBadge role={me.role} always />
        <input
          ref={input}
          type="file"
          accept={KINDS}
          aria-label={t("profile.chooseFile")}
          tabIndex={-1}
          className="sr-only"
          onChange={(event) => {
            const file = event.target.files?.[0];
            // The same file again is a choice, too.
            event.target.value = "";
            if (file !== undefined) change.mutate(file);
          }}
        />
        <div className="mt-4 flex flex-wrap justify-center gap-2">
          <Button icon={<Camera size={18} />} disabled={change.isPending} onClick={() => input.current?.click()}>
            {me.picture == null ? t("profile.setPicture") : t("profile.changePicture")}
          </Button>
          {me.picture != null && (
            <Button icon={<Trash2 size={18} />} disabled={change.isPending} onClick={() => change.mutate(null)}>
              {t("profile.removePicture")}
            </Button>
          )}
        </div>
        <p className="mt-3 text-sm text-muted">{me.role === "admin" ? t("profile.nameByYou") : t("profile.nameByAdmin")}</p>
      </div>
    </section>
  );
}
