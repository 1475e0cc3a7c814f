/** An image of a message: the thumbnail in a box that was reserved before it came; a click opens the original. */
import clsx from "clsx";
import { ImageOff } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Attachment } from "../../api/types";
import { useUploads } from "./context";
import { attachmentUrl, thumbnailUrl } from "./model";
import { useGone } from "./useGone";

/** Pictures that move do so only in the original. */
const MOVING = "image/gif";

function sourcesOf({ id, preview, content_type }: Attachment): string[] {
  const original = attachmentUrl(id);
  return preview && content_type !== MOVING ? [thumbnailUrl(id), original] : [original];
}

export function Picture({ attachment, cover }: { attachment: Attachment; cover: boolean }) {
  const { t } = useTranslation();
  const [tried, setTried] = useState(0);
  const own = useUploads().pictureOf(attachment.id);
  const { id, name } = attachment;
  const source = sourcesOf(attachment)[tried];
  if (source === undefined) return <Missing attachment={attachment} onRetry={() => setTried(0)} />;
  return (
    <a
      href={attachmentUrl(id)}
      target="_blank"
      rel="noopener noreferrer"
      aria-label={t("files.image", { name })}
      title={name}
      // Until the server's is loaded: what was sent from here is known already.
      style={own === null ? undefined : { backgroundImage: `url("${own}")` }}
      className={clsx("block size-full bg-black/10 bg-center bg-no-repeat outline-offset-[-3px]", cover ? "bg-cover" : "bg-contain")}
    >
      <img
        src={source}
        alt={name}
        loading="lazy"
        decoding="async"
        draggable={false}
        onError={() => setTried(tried + 1)}
        className={clsx("size-full", cover ? "object-cover" : "object-contain")}
      />
    </a>
  );
}

function Missing({ attachment: { id, name }, onRetry }: { attachment: Attachment; onRetry: () => void }) {
  const { t } = useTranslation();
  const gone = useGone(id);
  return (
    <span className="flex size-full flex-col items-center justify-center gap-1 bg-panel p-2 text-center text-sm text-muted">
      <ImageOff size={24} aria-hidden />
      {gone ? (
        t("files.gone")
      ) : (
        <>
          {t("files.notLoaded")}
          <button type="button" aria-label={t("files.again", { name })} onClick={onRetry} className="min-h-11 px-2 font-medium text-accent underline md:min-h-7">
            {t("chat.retry")}
          </button>
        </>
      )}
    </span>
  );
}
