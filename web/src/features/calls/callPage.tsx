/** Where the call stands on the page, and whether the panel for sound and video is open. What is said in the call is not its matter. */
import { createContext, useContext, useMemo, useState, type ReactNode } from "react";
import { useIsPhone } from "../../lib/useMedia";
import { useCallsView } from "./context";
import type { CallView } from "./view";

/** Over the whole page, left of the chat, or small over the page. */
export type CallLayout = "full" | "beside" | "small";

export interface CallPage {
  /** Null while no call is on the screen. */
  layout: CallLayout | null;
  show(layout: CallLayout): void;
  panel: boolean;
  showPanel(open: boolean): void;
}

const PageContext = createContext<CallPage | null>(null);

export function useCallPage(): CallPage {
  const page = useContext(PageContext);
  if (page === null) throw new Error("useCallPage outside of CallPageProvider");
  return page;
}

export type Screen = "none" | "incoming" | "outgoing" | "call";

/** While the browser asks for devices, a caller waits as before, and one who has accepted is in the call already. */
export function screenOf({ stage, call, peerId }: CallView): Screen {
  switch (stage) {
    case "idle":
      return "none";
    case "incoming":
    case "outgoing":
      return stage;
    case "asking":
      return call === null || (call.phase === "ringing" && call.callee_id === peerId) ? "outgoing" : "call";
    default:
      return "call";
  }
}

export function CallPageProvider({ children }: { children: ReactNode }) {
  const { current } = useCallsView();
  const phone = useIsPhone();
  const screen = screenOf(current);
  const on = screen === "outgoing" || screen === "call";
  const [wanted, setWanted] = useState<CallLayout>("full");
  const [panel, setPanel] = useState(false);
  // The next call begins large again.
  const [wasOn, setWasOn] = useState(on);
  if (wasOn !== on) {
    setWasOn(on);
    if (!on) setWanted("full");
  }
  const layout = !on ? null : phone && wanted === "beside" ? "small" : wanted;
  const page = useMemo<CallPage>(() => ({ layout, show: setWanted, panel, showPanel: setPanel }), [layout, panel]);
  return <PageContext value={page}>{children}</PageContext>;
}
