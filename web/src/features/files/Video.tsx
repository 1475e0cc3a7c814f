/** A video that plays in its place. Only its beginning is fetched until somebody plays it. */
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Attachment } from "../../api/types";
import { Box } from "./Album";
import { boxOf } from "./layout";
import { usePlayback } from "./context";
import { FileCard } from "./FileCard";
import { attachmentUrl } from "./model";
import { useGone } from "./useGone";

export function Video({ attachment, own }: { attachment: Attachment; own: boolean }) {
  const { t } = useTranslation();
  const playback = usePlayback();
  const video = useRef<HTMLVideoElement>(null);
  const [failed, setFailed] = useState(false);
  const { id, name, width, height } = attachment;

  useEffect(() => {
    const element = video.current;
    if (element === null) return;
    // Safari shows a first picture only if it is asked for one.
    element.src = `${attachmentUrl(id)}#t=0.001`;
    return () => {
      // An element that has left the page still plays, and still loads.
      element.pause();
      element.removeAttribute("src");
      element.load();
    };
  }, [id, failed]);

  if (failed) return <Unplayable attachment={attachment} own={own} />;
  return (
    <Box size={boxOf(width ?? 320, height ?? 180)}>
      <video
        ref={video}
        controls
        playsInline
        preload="metadata"
        aria-label={t("files.video", { name })}
        onPlay={(event) => playback.claim(event.currentTarget)}
        onError={() => setFailed(true)}
        className="size-full bg-black object-contain outline-offset-[-3px]"
      />
    </Box>
  );
}

export function Unplayable({ attachment, own }: { attachment: Attachment; own: boolean }) {
  const { t } = useTranslation();
  const gone = useGone(attachment.id);
  return <FileCard attachment={attachment} own={own} note={gone ? t("files.gone") : t("files.notPlayable")} />;
}
