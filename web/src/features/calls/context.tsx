/** Hands the one call session to the screen. */
import { createContext, useContext, useEffect, useMemo, type ReactNode } from "react";
import { useApi, useSocketListener } from "../../api/context";
import { useStore } from "../../lib/useStore";
import { Peer } from "./peer";
import { CallSession } from "./session";
import type { CallView } from "./view";

declare global {
  interface Window {
    /** Debugging aid: the peer connection of the call, if there is one. */
    stafflineCall?: () => RTCPeerConnection | null;
  }
}

const CallContext = createContext<CallSession | null>(null);

export function CallProvider({ me, children }: { me: string; children: ReactNode }) {
  const { socket } = useApi();
  const session = useMemo(
    () =>
      new CallSession({
        me,
        send: (frame) => socket.send(frame),
        // Not there at all in an insecure context, whatever its type says.
        devices: () => navigator.mediaDevices as MediaDevices | undefined,
        peer: (call, tracks, events) => new Peer(call, tracks, events),
      }),
    [socket, me],
  );
  useSocketListener(useMemo(() => ({ frame: (frame) => session.receive(frame) }), [session]));

  useEffect(() => {
    const leave = (): void => session.hangUp();
    window.stafflineCall = () => session.connection;
    addEventListener("pagehide", leave);
    return () => {
      delete window.stafflineCall;
      removeEventListener("pagehide", leave);
      // Signed out in the middle of a call.
      session.hangUp();
    };
  }, [session]);

  return <CallContext value={session}>{children}</CallContext>;
}

export function useCallSession(): CallSession {
  const session = useContext(CallContext);
  if (session === null) throw new Error("useCallSession outside of CallProvider");
  return session;
}

export function useCallView(): CallView {
  return useStore(useCallSession().view);
}
