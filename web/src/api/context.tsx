/** Hands the socket and the event log to the features. Made once by the app, so that nothing is global. */
import { createContext, useContext, useEffect } from "react";
import type { EventLog } from "./live";
import type { Socket, SocketListener } from "./socket";

export interface Api {
  socket: Socket;
  log: EventLog;
}

const ApiContext = createContext<Api | null>(null);
export const ApiProvider = ApiContext.Provider;

export function useApi(): Api {
  const api = useContext(ApiContext);
  if (api === null) throw new Error("useApi outside of ApiProvider");
  return api;
}

/** Listens to the socket while the component is there. `listener` must be stable. */
export function useSocketListener(listener: SocketListener): void {
  const { socket } = useApi();
  useEffect(() => socket.listen(listener), [socket, listener]);
}
