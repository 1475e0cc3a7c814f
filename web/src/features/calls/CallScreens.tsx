/** Whatever a call has to show, over everything else: ringing, waiting, talking, and a word at the end. */
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { useErrorWords } from "../../i18n/errorWords";
import { useUser } from "../users";
import { AbandonedBar } from "./AbandonedBar";
import { useCallsView } from "./context";
import { IncomingCall } from "./IncomingCall";
import { InCall } from "./InCall";
import { OutgoingCall } from "./OutgoingCall";
import { useRinging } from "./useRinging";
import type { CallView, Ending } from "./view";

/** An ending that everybody expects needs no words. */
function isPlain(why: Ending): boolean {
  return why === "cancelled";
}

export function CallScreens() {
  const { t } = useTranslation();
  const words = useErrorWords();
  const { current: view, abandoned, ending } = useCallsView();
  const peer = useUser(view.peerId ?? undefined);
  const name = peer?.name ?? "…";
  useRinging(view, name);

  useEffect(() => {
    if (ending === null) return;
    const { why } = ending;
    if (typeof why !== "string") toast.error(words(why.code));
    else if (why === "media" || why === "mediaNode" || why === "socket") toast.error(t(`call.ended.${why}`), { duration: 8_000 });
    else if (!isPlain(why)) toast(t(`call.ended.${why}`));
    // Once for each ending, whatever else changes.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [ending]);

  const person = { id: view.peerId ?? "", name, picture: peer?.picture, role: peer?.role ?? "employee" } as const;
  return (
    <>
      {abandoned !== null && view.stage === "idle" && <AbandonedBar />}
      {screenOf(view) === "incoming" && <IncomingCall view={view} person={person} />}
      {screenOf(view) === "outgoing" && <OutgoingCall view={view} person={person} />}
      {screenOf(view) === "call" && <InCall view={view} person={person} />}
    </>
  );
}

/** While the browser asks for devices, the screen before stays. */
function screenOf({ stage, call }: CallView): "none" | "incoming" | "outgoing" | "call" {
  switch (stage) {
    case "idle":
      return "none";
    case "incoming":
    case "outgoing":
      return stage;
    case "asking":
      return call?.phase === "ringing" ? "incoming" : "outgoing";
    default:
      return "call";
  }
}
