/** Whether one STUN or TURN server can be reached: a candidate that only it could have given is the proof. */

export interface Gathered {
  ok: boolean;
  ms: number;
  /** What the browser says of a failure. */
  detail?: string;
}

/** A server that has not answered by now is out of reach; a call would not have waited as long. */
export const GATHER_MS = 6_000;
/** A STUN server needs no connection and no password. */
export const STUN_MS = 3_000;

export type MakeConnection = (configuration: RTCConfiguration) => RTCPeerConnection;

interface GatheringError {
  errorCode?: number;
  errorText?: string;
}

/** `relay`: from a TURN server. `srflx`: from a STUN server, over UDP. */
export function gather(
  make: MakeConnection,
  server: RTCIceServer,
  wanted: "relay" | "srflx",
  stop: AbortSignal,
): Promise<Gathered> {
  const connection = make({ iceServers: [server], iceTransportPolicy: wanted === "relay" ? "relay" : "all" });
  const since = performance.now();
  let [hosts, errors, said] = [0, 0, ""];
  return new Promise<Gathered>((resolve) => {
    const done = (ok: boolean, why?: string): void => {
      clearTimeout(timer);
      stop.removeEventListener("abort", stopped);
      connection.onicecandidate = connection.onicecandidateerror = connection.onicegatheringstatechange = null;
      connection.close();
      resolve({ ok, ms: performance.now() - since, ...(ok || why === undefined ? {} : { detail: said || why }) });
    };
    const stopped = (): void => done(false, "stopped");
    const timer = setTimeout(() => done(false, "no answer"), wanted === "srflx" ? STUN_MS : GATHER_MS);
    stop.addEventListener("abort", stopped);
    connection.onicecandidate = ({ candidate }) => {
      if (candidate === null) return;
      if (typeOf(candidate) === wanted) return done(true);
      if (typeOf(candidate) === "host" && !/ tcp /iu.test(candidate.candidate)) hosts += 1;
    };
    connection.onicecandidateerror = (event) => {
      const { errorCode, errorText } = event as GatheringError;
      errors += 1;
      said = [errorCode, errorText].filter(Boolean).join(" ");
    };
    connection.onicegatheringstatechange = () => {
      if (connection.iceGatheringState !== "complete") return;
      // Where there is no NAT, the STUN server's answer is an address that is known already, and no candidate of its own.
      done(wanted === "srflx" && hosts > errors, "no candidate");
    };
    connection.addTransceiver("audio");
    connection
      .createOffer()
      .then((offer) => connection.setLocalDescription(offer))
      .catch((error: unknown) => done(false, String(error)));
  });
}

function typeOf({ type, candidate }: RTCIceCandidate): string | undefined {
  return type ?? / typ (\w+)/u.exec(candidate)?.[1];
}
