/** Whatever calls have to show, over everything else: ringing, waiting, talking, a second one, and a word at the end. */
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { AbandonedBar } from "./AbandonedBar";
import { screenOf, useCallPage } from "./callPage";
import { CallStage } from "./CallStage";
import { useCalls, useCallsView } from "./context";
import { DevicePanel } from "./DevicePanel";
import { IncomingCall } from "./IncomingCall";
import { useCallLogFeed } from "./log/useCallLog";
import { usePerson } from "./pieces";
import { RemoteSound } from "./RemoteSound";
import { useEndings } from "./useEndings";
import { useRinging } from "./useRinging";
import { WaitingCall } from "./WaitingCall";

/** The chats belong to another feature: the app says how one is opened, and what is unread in it. */
export interface ChatDoor {
  open(conversationId: string): void;
  unread(conversationId: string): number;
}

export function CallScreens({ chat }: { chat: ChatDoor }) {
  const { t } = useTranslation();
  const view = useCallsView();
  const { current, waiting, held, abandoned } = view;
  const page = useCallPage();
  const person = usePerson(current.peerId);
  const second = usePerson(waiting?.peerId ?? null);
  const [detailsOf, setDetailsOf] = useState<string | null>(null);
  const callId = current.call?.id ?? null;
  const details = callId !== null && detailsOf === callId;

  useRinging(current.stage === "incoming" || current.stage === "outgoing" ? current.stage : null, current.kind, person.name);
  useRinging(waiting === null ? null : "waiting", waiting?.kind ?? "audio", second.name);
  useEndings(view);
  useCallLogFeed();
  useWatchedDevices(current.stage !== "idle" || page.panel);

  return (
    <>
      <RemoteSound stream={current.remote} silent={current.onHold} />
      {abandoned !== null && current.stage === "idle" && <AbandonedBar call={abandoned} />}
      {screenOf(current) === "incoming" && <IncomingCall view={current} person={person} />}
      {page.layout !== null && (
        <CallStage
          view={current}
          held={held}
          person={person}
          layout={page.layout}
          details={details}
          onDetails={() => setDetailsOf(details ? null : callId)}
          chat={chat}
        />
      )}
      {waiting !== null && <WaitingCall view={waiting} canHold={held === null} />}
      {page.panel && <DevicePanel title={t("call.devices")} onClose={() => page.showPanel(false)} />}
    </>
  );
}

/** The list of devices is kept fresh while somebody talks or chooses. */
function useWatchedDevices(watched: boolean): void {
  const { devices } = useCalls();
  useEffect(() => (watched ? devices.watch() : undefined), [devices, watched]);
}
