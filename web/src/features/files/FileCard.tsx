/** A file that is not shown in place: icon, name, size; a click downloads it. */
import clsx from "clsx";
import { Download } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Attachment } from "../../api/types";
import { fileSize } from "../../lib/size";
import { fileIcon } from "./icons";
import { downloadUrl } from "./model";

export function FileCard({ attachment, own, note }: { attachment: Attachment; own: boolean; note?: string }) {
  const { t, i18n } = useTranslation();
  const { id, name, content_type, size } = attachment;
  return (
    <a
      href={downloadUrl(id)}
      download={name}
      aria-label={`${t("files.download", { name })}, ${fileSize(i18n.language, size)}`}
      className="group block max-w-full rounded-xl"
    >
      <CardBody
        own={own}
        name={name}
        detail={note ?? fileSize(i18n.language, size)}
        badge={
          <>
            {fileIcon(name, content_type, "group-focus-visible:hidden hover-able:group-hover:hidden")}
            <Download size={22} aria-hidden className="hidden group-focus-visible:block hover-able:group-hover:block" />
          </>
        }
      />
    </a>
  );
}

/** The same face for files that are there and those on their way. */
export function CardBody({ own, name, detail, badge, children }: { own: boolean; name: string; detail: ReactNode; badge: ReactNode; children?: ReactNode }) {
  return (
    <span className="flex w-72 max-w-full items-center gap-3 py-1">
      <span
        className={clsx("relative grid size-11 shrink-0 place-items-center rounded-full", own ? "bg-white/20 text-white" : "bg-accent-soft text-accent")}
      >
        {badge}
      </span>
      <span className="flex min-w-0 flex-1 flex-col">
        <span className="line-clamp-2 leading-5 font-medium wrap-anywhere" title={name}>
          {name}
        </span>
        <span className={clsx("pr-16 text-sm tabular-nums", own ? "text-white" : "text-muted")}>{detail}</span>
      </span>
      {children}
    </span>
  );
}
