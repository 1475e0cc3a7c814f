/** The call itself: the other side large, oneself small, one bar of controls. */
import clsx from "clsx";
import { useRef } from "react";
import { MicOff } from "lucide-react";
import { useTranslation } from "react-i18next";
import { PathBadge, QualityBadge, Timer } from "./Badges";
import { CallOverlay } from "./CallOverlay";
import { Controls } from "./Controls";
import { MediaErrorNote, PersonTitle, type Person } from "./pieces";
import { OwnTile } from "./OwnTile";
import { RemoteMedia } from "./RemoteMedia";
import { useStillness } from "./useStillness";
import type { CallView } from "./view";
import { VoiceAvatar } from "./VoiceAvatar";

export function InCall({ view, person }: { view: CallView; person: Person }) {
  const { t } = useTranslation();
  const area = useRef<HTMLDivElement>(null);
  const touchedHidden = useRef(false);
  const { call } = view;
  const other = call?.participants.find(({ user_id }) => user_id === person.id);
  // A direct picture goes on while the other side's socket is away; the node's does not.
  const flowing = !view.interrupted && (other?.connected === true || call?.path === "direct");
  const picture = view.stage === "talking" && other?.camera === true && flowing;
  const still = useStillness(area, picture);
  const status = useStatus(view, person, other?.connected !== false);

  return (
    <CallOverlay label={t("call.inCall", { name: person.name })}>
      <div
        ref={area}
        // The first touch shows hidden controls; it must not hang up. (A mouse shows them on its way; a key has no `detail`.)
        onPointerDownCapture={() => {
          touchedHidden.current = still;
        }}
        onClickCapture={(event) => {
          if (touchedHidden.current && event.detail > 0) event.stopPropagation();
        }}
        className={clsx("relative h-full", still && "cursor-none")}
      >
        <RemoteMedia stream={view.remote} name={person.name} visible={picture} />
        {!picture && (
          <div className="absolute inset-0 flex flex-col items-center justify-center gap-6 pb-24">
            <VoiceAvatar person={person} />
            <PersonTitle person={person}>{status}</PersonTitle>
          </div>
        )}
        {view.localVideo !== null && <OwnTile stream={view.localVideo} raised={!still} />}
        <div
          className={clsx(
            "pointer-events-none absolute inset-x-0 top-0 z-20 flex items-center gap-2 pt-[max(12px,env(safe-area-inset-top))] pr-[max(12px,env(safe-area-inset-right))] pl-[max(12px,env(safe-area-inset-left))] transition *:pointer-events-auto",
            still && "opacity-0",
          )}
        >
          {call?.path != null && <PathBadge path={call.path} />}
          <span className="mr-auto" />
          {call?.answered_at != null && view.stage === "talking" && <Timer since={call.answered_at} name={picture ? person.name : null} />}
          <QualityBadge quality={view.quality} />
        </div>
        <div className="pointer-events-none absolute inset-x-0 top-20 z-10 flex flex-col items-center gap-2 px-4">
          {picture && status !== "" && (
            <p role="status" className="rounded-full bg-black/60 px-4 py-2 text-sm">
              {status}
            </p>
          )}
          {other?.microphone === false && view.stage === "talking" && (
            <p role="status" className="flex items-center gap-2 rounded-full bg-black/60 px-4 py-2 text-sm">
              <MicOff size={16} aria-hidden />
              {t("call.peerMuted", { name: person.name })}
            </p>
          )}
          <MediaErrorNote error={view.mediaError} />
        </div>
        <Controls view={view} hidden={still} area={area} />
      </div>
    </CallOverlay>
  );
}

function useStatus(view: CallView, person: Person, otherConnected: boolean): string {
  const { t } = useTranslation();
  if (view.stage === "connecting") return t("call.connecting");
  if (view.interrupted) return t("call.reconnecting");
  if (!otherConnected) return t("call.peerGone", { name: person.name });
  return "";
}
