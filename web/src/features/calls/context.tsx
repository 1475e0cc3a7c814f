/** Hands the calls to the screen. */
import { createContext, useContext, useEffect, useMemo, type ReactNode } from "react";
import { getIceServers } from "../../api/routes";
import { useApi, useSocketListener } from "../../api/context";
import { useStore } from "../../lib/useStore";
import { Calls } from "./calls";
import { DeviceChoices } from "./choices";
import { DeviceList } from "./deviceList";
import { watchNetwork } from "./network";
import { Peer } from "./peer";
import type { CallsView, CallView } from "./view";

declare global {
  interface Window {
    /** Debugging aid: the peer connection of the call, if there is one. */
    stafflineCall?: () => RTCPeerConnection | null;
  }
}

const CallContext = createContext<Calls | null>(null);

/** Not there at all in an insecure context, whatever its type says. */
const mediaDevices = (): MediaDevices | undefined => navigator.mediaDevices as MediaDevices | undefined;

async function microphoneGranted(): Promise<boolean> {
  try {
    return (await navigator.permissions.query({ name: "microphone" })).state === "granted";
  } catch {
    // A browser that cannot tell will ask.
    return false;
  }
}

export function CallProvider({ me, children }: { me: string; children: ReactNode }) {
  const { socket } = useApi();
  const calls = useMemo(
    () =>
      new Calls({
        me,
        send: (frame) => socket.send(frame),
        doubtLine: () => socket.doubt(),
        devices: mediaDevices,
        peer: (call, tracks, events) => new Peer(call, tracks, events),
        choices: new DeviceChoices(),
        list: new DeviceList(mediaDevices),
        microphoneGranted,
        iceServers: async (callId) => (await getIceServers(callId)).ice_servers,
      }),
    [socket, me],
  );
  useSocketListener(useMemo(() => ({ frame: (frame) => calls.receive(frame) }), [calls]));

  useEffect(() => {
    const leave = (): void => calls.leave();
    window.stafflineCall = () => calls.connection;
    addEventListener("pagehide", leave);
    const unwatch = watchNetwork(() => calls.networkChanged());
    return () => {
      delete window.stafflineCall;
      removeEventListener("pagehide", leave);
      unwatch();
      // Signed out in the middle of a call.
      calls.end();
    };
  }, [calls]);

  return <CallContext value={calls}>{children}</CallContext>;
}

export function useCalls(): Calls {
  const calls = useContext(CallContext);
  if (calls === null) throw new Error("useCalls outside of CallProvider");
  return calls;
}

export function useCallsView(): CallsView {
  return useStore(useCalls().view);
}

/** The call that talks or rings. */
export function useCallView(): CallView {
  return useCallsView().current;
}

/** Whether anything rings or talks here. */
export function useInCall(): boolean {
  return useCallView().stage !== "idle";
}
