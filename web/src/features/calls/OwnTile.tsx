/** The own camera as a small tile that is dragged about and snaps into the nearest corner. */
import clsx from "clsx";
import { MicOff } from "lucide-react";
import { useTranslation } from "react-i18next";
import { OwnVideo } from "./OwnVideo";
import { useSnap } from "./useSnap";

export interface OwnTileProps {
  stream: MediaStream;
  /** Above the controls. */
  raised: boolean;
  speaking: boolean;
  muted: boolean;
}

export function OwnTile({ stream, raised, speaking, muted }: OwnTileProps) {
  const { t } = useTranslation();
  const { corner, dragging, style, handlers } = useSnap({ right: true, bottom: true });
  return (
    <div
      role="group"
      aria-label={t("call.ownVideo")}
      tabIndex={0}
      {...handlers}
      style={style}
      className={clsx(
        "absolute z-10 w-24 cursor-grab touch-none overflow-hidden rounded-2xl bg-black shadow-big outline-offset-2 focus-visible:outline-white md:w-52",
        speaking ? "ring-[3px] ring-online" : "ring-1 ring-white/25",
        corner.right ? "right-4" : "left-4",
        corner.bottom ? (raised ? "bottom-32" : "bottom-6") : "top-20",
        dragging ? "cursor-grabbing" : "transition-all",
      )}
    >
      <OwnVideo stream={stream} className="pointer-events-none aspect-[3/4] w-full object-cover md:aspect-video" />
      {muted && (
        <span className="absolute bottom-1.5 left-1.5 grid size-7 place-items-center rounded-full bg-black/65">
          <MicOff size={15} role="img" aria-label={t("call.youAreMuted")} />
        </span>
      )}
    </div>
  );
}
