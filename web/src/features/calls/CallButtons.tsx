/** The two ways to call somebody, for the chat's header. */
import { Phone, Video } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useApi } from "../../api/context";
import type { CallKind } from "../../api/types";
import { useStore } from "../../lib/useStore";
import { IconButton } from "../../ui/Button";
import { useCalls, useCallsView } from "./context";

/** Calls need the socket. While one talks, one more may be begun: the first is put on hold. */
export function useCanCall(peerId?: string): boolean {
  const { socket } = useApi();
  const { status } = useStore(socket.state);
  const { current, waiting, held } = useCallsView();
  const room = current.stage === "idle" || (current.stage === "talking" && waiting === null && held === null);
  return room && status === "online" && (peerId === undefined || (current.peerId !== peerId && held?.peerId !== peerId));
}

export function CallButtons({ peerId, className }: { peerId: string; className?: string }) {
  const { t } = useTranslation();
  const calls = useCalls();
  const able = useCanCall(peerId);
  const { status } = useStore(useApi().socket.state);
  const hint = status === "online" ? undefined : t("call.unavailable");
  const button = (kind: CallKind, words: string, icon: React.ReactNode) => (
    <IconButton
      label={words}
      title={hint ?? words}
      disabled={!able}
      onClick={() => void calls.call(peerId, kind)}
      className={className}
    >
      {icon}
    </IconButton>
  );
  return (
    <>
      {button("audio", t("call.callAudio"), <Phone size={21} />)}
      {button("video", t("call.callVideo"), <Video size={23} />)}
    </>
  );
}
