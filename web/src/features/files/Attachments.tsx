/** The files of a message that has arrived: pictures in an album, everything else below each other. */
import type { Attachment } from "../../api/types";
import { Album } from "./Album";
import { FileCard } from "./FileCard";
import { attachmentUrl } from "./model";
import { Picture } from "./Picture";
import { Sound } from "./Sound";
import { Video } from "./Video";

export interface AttachmentsProps {
  attachments: readonly Attachment[];
  /** Of the reader: then it stands on the gradient. */
  own: boolean;
}

export function Attachments({ attachments, own }: AttachmentsProps) {
  const images = attachments.filter(({ kind }) => kind === "image");
  const others = attachments.filter(({ kind }) => kind !== "image");
  const framed = images.map((attachment) => ({
    key: attachment.id,
    width: attachment.width,
    height: attachment.height,
    picture: (cover: boolean) => <Picture attachment={attachment} cover={cover} />,
  }));
  return (
    <div className="flex max-w-full flex-col gap-1">
      {framed.length > 0 && <Album framed={framed} />}
      {others.map((attachment) => (
        <Other key={attachment.id} attachment={attachment} own={own} />
      ))}
    </div>
  );
}

function Other({ attachment, own }: { attachment: Attachment; own: boolean }) {
  const { id, kind, name, duration_ms, waveform } = attachment;
  if (kind === "video") return <Video attachment={attachment} own={own} />;
  if (kind === "file" || kind === "image") return <FileCard attachment={attachment} own={own} />;
  return (
    <Sound
      id={id}
      url={attachmentUrl(id)}
      name={kind === "voice" ? null : name}
      durationMs={duration_ms ?? null}
      waveform={waveform ?? null}
      own={own}
    />
  );
}
