/** The call on the screen, large or small: one ground, and on it the pictures, which stay the same elements in every layout. */
import clsx from "clsx";
import { useCallback, useEffect, useEffectEvent, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useIsPhone } from "../../lib/useMedia";
import type { ChatDoor } from "./CallScreens";
import { CallOverlay } from "./CallOverlay";
import { screenOf, useCallPage, type CallLayout } from "./callPage";
import { useCalls } from "./context";
import { InCall } from "./InCall";
import { OutgoingCall } from "./OutgoingCall";
import type { Person } from "./pieces";
import { picturesOf } from "./pictures";
import { ConsentSheet, isAsked } from "./recording/ConsentNotice";
import { shownOf } from "./recording/look";
import { RecordingVoice } from "./recording/RecordingBadge";
import { SpokenNotice } from "./recording/SpokenNotice";
import { RemotePicture } from "./RemotePicture";
import { SmallCall } from "./SmallCall";
import { useActions } from "./useActions";
import { useCallKeys } from "./useCallKeys";
import { useLeaveFullScreen } from "./useFullScreen";
import { useSnap } from "./useSnap";
import type { CallView } from "./view";

export interface CallStageProps {
  view: CallView;
  held: CallView | null;
  person: Person;
  layout: CallLayout;
  onDetails(): void;
  details: boolean;
  chat: ChatDoor;
}

export function CallStage({ view, held, person, layout, details, onDetails, chat }: CallStageProps) {
  const { t } = useTranslation();
  const calls = useCalls();
  const page = useCallPage();
  const phone = useIsPhone();
  const main = useRef<HTMLVideoElement>(null);
  const setMain = useCallback((video: HTMLVideoElement | null): void => {
    main.current = video;
  }, []);
  const { camera, screen } = picturesOf(view, person.id);
  const small = layout === "small";
  const recorded = shownOf(view, held) !== null;
  const asked = screenOf(view) === "call" && isAsked(view);
  // It ends by itself where nobody decides: a small card would be overlooked.
  const enlarge = useEffectEvent(() => page.show("full"));
  useEffect(() => {
    if (asked) enlarge();
  }, [asked]);
  useLeaveFullScreen();
  const snap = useSnap({ right: false, bottom: true });

  const conversation = view.call?.conversation_id;

  function toChat(): void {
    if (page.layout === "beside") return page.show("full");
    page.show("beside");
    if (conversation !== undefined) chat.open(conversation);
  }

  const actions = useActions(view, {
    picture: main,
    hasPicture: camera || screen,
    chat: toChat,
    unread: conversation === undefined ? 0 : chat.unread(conversation),
    recorded,
    details: onDetails,
  });
  useCallKeys(actions, !small && !asked && screenOf(view) === "call");

  const floats = small && !phone;
  // The largest is the screen if one is shared, else the camera; beside a screen the camera is a tile.
  const large = small ? (phone ? THUMB : CARD_PICTURE) : LARGE;
  return (
    <CallOverlay
      label={t("call.inCall", { name: person.name })}
      layout={layout}
      {...(floats ? { ...snap.handlers, style: snap.style, tabIndex: 0 } : {})}
      className={clsx(
        !small && !camera && !screen && "bg-[radial-gradient(ellipse_at_50%_20%,#2b1d57,#0b0d12_70%)]",
        small && phone && "inset-x-0 top-0 pt-[env(safe-area-inset-top)]",
        floats && "w-80 touch-none rounded-2xl shadow-big ring-1 ring-white/15 outline-offset-2 focus-visible:outline-2 focus-visible:outline-accent",
        floats && (snap.corner.right ? "right-4" : "left-4"),
        floats && (snap.corner.bottom ? "bottom-4" : "top-20"),
        floats && (snap.dragging ? "cursor-grabbing" : "cursor-grab"),
      )}
    >
      <RemotePicture
        stream={view.remote}
        label={t("call.remoteVideo", { name: person.name })}
        onElement={screen ? undefined : setMain}
        bound={recorded}
        className={clsx(!camera ? "hidden" : screen ? (small ? "hidden" : TILE) : large, !small && view.speaking.other && "speaking-ring")}
      />
      {screen && (
        <RemotePicture
          whole
          stream={view.remoteScreen}
          label={t("call.remoteScreen", { name: person.name })}
          onElement={setMain}
          bound={recorded}
          className={large}
        />
      )}
      {small ? (
        <SmallCall view={view} held={held} person={person} pictured={camera || screen} phone={phone} />
      ) : screenOf(view) === "outgoing" ? (
        <OutgoingCall view={view} held={held} person={person} onChat={toChat} />
      ) : (
        <div inert={asked} className="contents">
          <InCall
            view={view}
            held={held}
            person={person}
            pictured={camera || screen}
            actions={actions}
            details={details}
            onDetails={onDetails}
            onHangUp={() => (view.call?.phase === "ringing" ? calls.decline() : calls.hangUp())}
          />
        </div>
      )}
      {asked && !small && <ConsentSheet view={view} onLeave={() => calls.hangUp()} />}
      <RecordingVoice recording={view.call?.recording} />
      <SpokenNotice recording={view.call?.recording} />
    </CallOverlay>
  );
}

const LARGE = "absolute inset-0 size-full";
const TILE =
  "absolute top-20 right-4 z-10 aspect-[3/4] w-24 rounded-2xl object-cover! shadow-big ring-1 ring-white/25 md:aspect-video md:w-52";
const CARD_PICTURE = "pointer-events-none aspect-video w-full";
const THUMB = "pointer-events-none absolute bottom-2 left-2 z-10 size-12 rounded-xl";
