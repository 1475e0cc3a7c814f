/** Above the input: the files that go with the next message, and how far each is. */
import clsx from "clsx";
import { RotateCw, X } from "lucide-react";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useTray, useUploads } from "./context";
import { fileIcon } from "./icons";
import { MOST_PER_MESSAGE, type Upload } from "./model";
import { ProgressRing } from "./ProgressRing";
import { useProgressWords } from "./useProgressWords";

export function Tray({ conversationId }: { conversationId: string }) {
  const { t } = useTranslation();
  const tray = useTray(conversationId);
  const end = useRef<HTMLLIElement>(null);
  const count = tray.length;

  useEffect(() => {
    // The newest are at the end.
    end.current?.scrollIntoView({ block: "nearest", inline: "end" });
  }, [count]);

  if (count === 0) return null;
  const portions = Math.ceil(tray.filter(({ state }) => state !== "failed").length / MOST_PER_MESSAGE);
  return (
    <div className="pt-2">
      <ul aria-label={t("files.tray")} className="flex max-w-full gap-2 overflow-x-auto pb-1 [scrollbar-width:thin]">
        {tray.map((upload) => (
          <Item key={upload.id} upload={upload} />
        ))}
        <li ref={end} aria-hidden className="w-px shrink-0" />
      </ul>
      {portions > 1 && <p className="px-1 text-sm text-muted">{t("files.portions", { count: portions, most: MOST_PER_MESSAGE })}</p>}
    </div>
  );
}

function Item({ upload }: { upload: Upload }) {
  const { t } = useTranslation();
  const words = useProgressWords();
  const uploads = useUploads();
  const { id, name, state } = upload;
  const failed = state === "failed";
  return (
    <li className={clsx("relative flex shrink-0 items-center gap-2.5 rounded-xl border bg-raised p-1.5 pr-11", failed ? "w-72 border-danger" : "w-52 border-line")}>
      <Face upload={upload} />
      <span className="flex min-w-0 flex-col">
        <span className="truncate text-sm font-medium" title={name}>
          {name}
        </span>
        <span role={failed ? "alert" : undefined} className={clsx("text-[12px] leading-4 tabular-nums", failed ? "line-clamp-2 text-danger" : "truncate text-muted")} title={words(upload)}>
          {words(upload)}
        </span>
      </span>
      <button
        type="button"
        aria-label={t("files.remove", { name })}
        title={t("files.remove", { name })}
        onClick={() => uploads.discard(id)}
        className="absolute top-1/2 right-0 grid size-11 -translate-y-1/2 place-items-center rounded-full text-muted hover:text-text"
      >
        <X size={18} aria-hidden />
      </button>
    </li>
  );
}

function Face({ upload }: { upload: Upload }) {
  const { t } = useTranslation();
  const uploads = useUploads();
  const { id, name, type, kind, preview, state, sent, size, stalled } = upload;
  const shown = preview !== null && (kind === "image" || kind === "video");
  const busy = state === "uploading" || state === "waiting";
  return (
    <span className="relative grid size-11 shrink-0 place-items-center overflow-hidden rounded-lg bg-accent-soft text-accent">
      {preview !== null && kind === "image" ? (
        <img src={preview} alt="" className="size-full object-cover" />
      ) : preview !== null && kind === "video" ? (
        <video src={preview} muted playsInline preload="metadata" aria-hidden className="size-full bg-black object-cover" />
      ) : (
        state === "complete" && fileIcon(name, type)
      )}
      {busy && (
        <span className={clsx("absolute inset-0 p-1.5", shown && "bg-black/45 text-white")}>
          <ProgressRing label={t("files.progress", { name })} value={size > 0 ? sent / size : 0} stalled={stalled} className="size-full" />
        </span>
      )}
      {state === "failed" && (
        <button type="button" aria-label={t("files.retry", { name })} title={t("files.retry", { name })} onClick={() => uploads.retry(id)} className={clsx("absolute inset-0 grid place-items-center", shown && "bg-black/55 text-white")}>
          <RotateCw size={20} aria-hidden />
        </button>
      )}
    </span>
  );
}
