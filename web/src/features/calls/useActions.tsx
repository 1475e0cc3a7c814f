/** Everything one can do in a call, once: for the bar, its menu, and the keys. */
import {
  CircleStop,
  Disc,
  Info,
  Maximize,
  MessageSquare,
  MessageSquareOff,
  Mic,
  MicOff,
  Minimize,
  Pause,
  PictureInPicture2,
  Play,
  ScreenShare,
  ScreenShareOff,
  Settings,
  Video,
  VideoOff,
} from "lucide-react";
import type { ReactNode, RefObject } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { useCallPage } from "./callPage";
import { useCalls } from "./context";
import { useFullScreen } from "./useFullScreen";
import type { CallView } from "./view";

export type ActionName =
  | "microphone"
  | "camera"
  | "screen"
  | "chat"
  | "devices"
  | "record"
  | "hold"
  | "picture"
  | "fullScreen"
  | "details";

export interface Action {
  label: string;
  icon: ReactNode;
  /** The letter that does it, as on a Latin keyboard. */
  letter?: string;
  /** Shown as switched off, or as doing something to be aware of. */
  off?: boolean;
  /** Something is new behind it: how much, and in words. */
  badge?: { count: number; label: string };
  run(): void;
}

/** What cannot be done here or now is not there. */
export type Actions = Partial<Record<ActionName, Action>>;

export interface ActionWays {
  /** What is shown large, for picture in picture. */
  picture: RefObject<HTMLVideoElement | null>;
  hasPicture: boolean;
  chat(): void;
  /** Messages in the chat of the call that are not read. */
  unread: number;
  /** Nothing is shown where the sign of it cannot be. */
  recorded: boolean;
  details(): void;
}

/** Which note it is: one that is shown is not shown twice, but one on its way out would take the next of its id with it. */
let note = 0;

function sayNoPicture(words: string): void {
  const over = (): void => {
    note += 1;
  };
  toast(words, { id: `no-picture-${String(note)}`, onAutoClose: over, onDismiss: over });
}

function togglePicture(video: HTMLVideoElement | null): void {
  const done = document.pictureInPictureElement === null ? video?.requestPictureInPicture() : document.exitPictureInPicture();
  done?.catch(() => undefined);
}

export function useActions(view: CallView, ways: ActionWays): Actions {
  const { t } = useTranslation();
  const calls = useCalls();
  const page = useCallPage();
  const full = useFullScreen();
  const { microphone, camera, screen, onHold } = view;
  const beside = page.layout === "beside";
  const talking = view.stage === "talking";
  const actions: Actions = {
    microphone: {
      label: microphone ? t("call.micOff") : t("call.micOn"),
      icon: microphone ? <Mic /> : <MicOff />,
      letter: "M",
      off: !microphone,
      run: () => calls.setMicrophone(!microphone),
    },
    camera: {
      label: camera ? t("call.camOff") : t("call.camOn"),
      icon: camera ? <Video /> : <VideoOff />,
      letter: "V",
      // In an audio call that is as it should be.
      off: !camera && view.kind === "video",
      run: () => void calls.setCamera(!camera),
    },
    chat: {
      label: beside ? t("call.hideChat") : t("call.chat"),
      icon: beside ? <MessageSquareOff /> : <MessageSquare />,
      letter: "C",
      ...(ways.unread > 0 ? { badge: { count: ways.unread, label: t("list.unread", { count: ways.unread }) } } : {}),
      run: ways.chat,
    },
    devices: { label: t("call.devices"), icon: <Settings />, run: () => page.showPanel(true) },
    details: { label: t("call.details"), icon: <Info />, run: ways.details },
  };
  if (calls.canShareScreen && talking) {
    actions.screen = {
      label: screen ? t("call.stopSharing") : t("call.shareScreen"),
      icon: screen ? <ScreenShareOff /> : <ScreenShare />,
      letter: "S",
      off: screen,
      run: () => void calls.setScreen(!screen),
    };
  }
  const recording = view.call?.recording;
  if (talking && recording?.can_start === true && recording.mode === "on_demand") {
    const running = recording.state !== "off" && recording.state !== "failed";
    actions.record = {
      label: running ? t("recording.stop") : t("recording.start"),
      icon: running ? <CircleStop /> : <Disc />,
      run: () => calls.record(!running),
    };
  }
  if (talking) {
    actions.hold = {
      label: onHold ? t("call.resume") : t("call.hold"),
      icon: onHold ? <Play /> : <Pause />,
      letter: "H",
      run: () => void calls.hold(!onHold),
    };
  }
  if (ways.hasPicture && document.pictureInPictureEnabled) {
    actions.picture = { label: t("call.pictureInPicture"), icon: <PictureInPicture2 />, run: ways.recorded ? () => sayNoPicture(t("recording.noPicture")) : () => togglePicture(ways.picture.current) };
  }
  if (full.able) {
    actions.fullScreen = {
      label: full.on ? t("call.exitFullScreen") : t("call.fullScreen"),
      icon: full.on ? <Minimize /> : <Maximize />,
      letter: "F",
      run: full.toggle,
    };
  }
  return actions;
}
