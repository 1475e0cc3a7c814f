/** What one has to know while talking: who is muted, what is shared, what hampers the call. Below the badges, above the picture. */
import clsx from "clsx";
import { MicOff, ScreenShare, Unplug, VideoOff, WifiLow } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useReasonWords } from "./Badges";
import { useCallPage } from "./callPage";
import { useCalls } from "./context";
import { HeldBar } from "./HeldBar";
import { MediaErrorNote } from "./MediaErrorNote";
import type { Person } from "./pieces";
import { shownState } from "./recording/look";
import type { CallView, DeviceNotice } from "./view";

export interface CallNotesProps {
  view: CallView;
  held: CallView | null;
  person: Person;
  status: string;
}

export function CallNotes({ view, held, person, status }: CallNotesProps) {
  const { t } = useTranslation();
  const calls = useCalls();
  const reason = useReasonWords();
  const other = view.call?.participants.find(({ user_id }) => user_id === person.id);
  const talking = view.stage === "talking";
  // A good call needs no words; a poor one says why without being asked.
  const why = view.quality?.level === "poor" ? reason(view.quality) : null;
  return (
    <div
      className={clsx(
        "pointer-events-none absolute inset-x-0 top-[calc(4.5rem+env(safe-area-inset-top))] z-20 flex flex-col items-center gap-2 px-4 *:pointer-events-auto",
        // There the sign of the recording stands below the badges.
        shownState(view.call?.recording) !== null && "max-md:top-[calc(7.75rem+env(safe-area-inset-top))]",
      )}
    >
      {held !== null && <HeldBar view={held} />}
      {status !== "" && <Note>{status}</Note>}
      {view.screen && (
        <div className="flex items-center gap-2 rounded-full bg-black/70 py-1 pr-1 pl-4 text-sm ring-1 ring-white/25">
          <ScreenShare size={16} aria-hidden />
          <span role="status">{t("call.sharing")}</span>
          <button
            type="button"
            onClick={() => void calls.setScreen(false)}
            className="min-h-11 rounded-full bg-white/15 px-4 font-medium hover:bg-white/25 focus-visible:outline-white"
          >
            {t("call.stop")}
          </button>
        </div>
      )}
      {talking && other?.microphone === false && other.on_hold !== true && (
        <Note icon={<MicOff size={16} aria-hidden />}>{t("call.peerMuted", { name: person.name })}</Note>
      )}
      {talking && view.pictureStands && other?.camera === true && !other.on_hold && (
        <Note icon={<VideoOff size={16} aria-hidden />}>{t("call.pictureStands", { name: person.name })}</Note>
      )}
      {talking && view.pictureLimited !== "none" ? (
        <Note icon={<WifiLow size={16} aria-hidden />}>{t(`call.quality.${view.pictureLimited}`)}</Note>
      ) : (
        talking && why !== null && <Note icon={<WifiLow size={16} aria-hidden />}>{why}</Note>
      )}
      {view.deviceNotice !== null && <DeviceNote notice={view.deviceNotice} />}
      <MediaErrorNote error={view.mediaError} onClose={() => calls.forgetMediaError()} />
    </div>
  );
}

function Note({ icon, children }: { icon?: ReactNode; children: ReactNode }) {
  return (
    <p role="status" className="flex items-center gap-2 rounded-2xl bg-black/65 px-4 py-2 text-sm backdrop-blur-sm">
      {icon}
      {children}
    </p>
  );
}

const WORDS = {
  microphone: { unplugged: "call.device.unpluggedMicrophone", changed: "call.device.changedMicrophone" },
  camera: { unplugged: "call.device.unpluggedCamera", changed: "call.device.changedCamera" },
  speaker: { unplugged: "call.device.unpluggedSpeaker", changed: "call.device.changedSpeaker" },
} as const;

const BUTTON = "min-h-11 rounded-full px-3 font-medium hover:bg-white/15 focus-visible:outline-white";

function DeviceNote({ notice: { kind, what, label } }: { notice: DeviceNotice }) {
  const { t } = useTranslation();
  const calls = useCalls();
  const { showPanel } = useCallPage();
  return (
    <div className="flex max-w-md flex-wrap items-center justify-end gap-x-1 rounded-2xl bg-black/75 py-1 pr-1 pl-4 text-sm ring-1 ring-white/25">
      <Unplug size={16} aria-hidden className="shrink-0" />
      <p role="status" className="min-w-0 flex-1 py-1 wrap-anywhere">
        {t(WORDS[kind][what], { label: label === "" ? t(`call.device.${kind}`) : label })}
      </p>
      <button
        type="button"
        className={BUTTON}
        onClick={() => {
          calls.forgetDeviceNotice();
          showPanel(true);
        }}
      >
        {t("call.device.choose")}
      </button>
      <button type="button" className={BUTTON} onClick={() => calls.forgetDeviceNotice()}>
        {t("call.device.close")}
      </button>
    </div>
  );
}
