/** The files of a message that is on its way: what they will look like, how far they are, and a way to take each back. */
import { RotateCw, X } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useErrorWords } from "../../i18n/errorWords";
import { fileSize } from "../../lib/size";
import { Album, Box } from "./Album";
import { useUploads, useUploadsOf } from "./context";
import { CardBody } from "./FileCard";
import { fileIcon } from "./icons";
import { boxOf } from "./layout";
import type { Upload } from "./model";
import { ProgressRing } from "./ProgressRing";
import { Sound } from "./Sound";
import { useProgressWords } from "./useProgressWords";

export interface UploadingAttachmentsProps {
  /** Local ids, as the outbox has them. */
  uploads: readonly string[];
}

export function UploadingAttachments({ uploads: ids }: UploadingAttachmentsProps) {
  const { t } = useTranslation();
  const uploads = useUploadsOf(ids);
  // As they will stand when they have arrived: see Attachments.
  const images = uploads.filter(({ kind, preview }) => preview !== null && kind === "image");
  const framed = images.map((upload) => ({
    key: upload.id,
    width: upload.width,
    height: upload.height,
    picture: (cover: boolean) => <Framed upload={upload} cover={cover} />,
  }));
  return (
    <div className="flex max-w-full flex-col gap-1">
      {framed.length > 0 && <Album framed={framed} />}
      {uploads
        .filter((upload) => !images.includes(upload))
        .map((upload) => (
          <Other key={upload.id} upload={upload} />
        ))}
      {uploads.length < ids.length && <p className="px-1 text-sm">{t("files.elsewhere")}</p>}
    </div>
  );
}

function Framed({ upload, cover }: { upload: Upload; cover: boolean }) {
  const { kind, preview, name, state } = upload;
  const look = `size-full bg-black/10 ${cover ? "object-cover" : "object-contain"}`;
  return (
    <>
      {kind === "image" ? <img src={preview ?? ""} alt={name} className={look} /> : <video src={preview ?? ""} muted playsInline preload="metadata" aria-label={name} className={look} />}
      {state !== "complete" && (
        <span className="absolute inset-0 m-auto grid size-11 place-items-center rounded-full bg-black/55 text-white">
          <Control upload={upload} />
        </span>
      )}
    </>
  );
}

function Other({ upload }: { upload: Upload }) {
  const { i18n } = useTranslation();
  const words = useProgressWords();
  const { id, kind, name, type, size, state, preview, width, height, durationMs, waveform } = upload;
  if (kind === "video" && preview !== null) {
    return (
      <Box size={boxOf(width ?? 320, height ?? 180)}>
        <Framed upload={upload} cover={false} />
      </Box>
    );
  }
  if (kind === "voice" && preview !== null) {
    return (
      <div className="flex max-w-full items-center gap-1">
        <Sound id={id} url={preview} name={null} durationMs={durationMs} waveform={waveform} own />
        {state !== "complete" && (
          <span className="relative grid size-11 shrink-0 place-items-center">
            <Control upload={upload} />
          </span>
        )}
      </div>
    );
  }
  return (
    <CardBody
      own
      name={name}
      detail={state === "complete" ? fileSize(i18n.language, size) : words(upload)}
      badge={state === "complete" ? fileIcon(name, type) : <Control upload={upload} />}
    />
  );
}

/** The ring; in it a cross while it runs, an arrow once it was refused. */
function Control({ upload }: { upload: Upload }) {
  const { t } = useTranslation();
  const errorWords = useErrorWords();
  const uploads = useUploads();
  const { id, name, state, sent, size, stalled, code } = upload;
  const failed = state === "failed";
  const label = failed ? t("files.retry", { name }) : t("files.cancel", { name });
  return (
    <>
      {!failed && <ProgressRing label={t("files.progress", { name })} value={size > 0 ? sent / size : 0} stalled={stalled} className="absolute inset-0 size-full" />}
      <button
        type="button"
        aria-label={label}
        title={code === undefined ? label : errorWords(code)}
        onClick={() => (failed ? uploads.retry(id) : uploads.discard(id))}
        className="relative grid size-11 place-items-center rounded-full"
      >
        {failed ? <RotateCw size={20} aria-hidden /> : <X size={20} aria-hidden />}
      </button>
    </>
  );
}
