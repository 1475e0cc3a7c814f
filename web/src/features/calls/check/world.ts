/** The browser and the server as a check needs them. */
import { finishCheck, offerLoopback, startCheck } from "../../../api/routes";
import type { Socket } from "../../../api/socket";
import type { Choices } from "../choices";
import { captureCamera, captureMicrophone } from "../media";
import { Peer } from "../peer";
import type { CheckWorld } from "./check";

/** What the socket may take to be there and to answer. */
const PING_MS = 5_000;
const PINGS = 3;

/** The shortest of a few: the first may have waited for something else. */
async function ping(socket: Socket): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < PINGS; i += 1) times.push(await pingOnce(socket));
  return Math.min(...times);
}

function pingOnce(socket: Socket): Promise<number> {
  return new Promise((resolve, reject) => {
    let since = 0;
    const say = (): void => {
      since = performance.now();
      socket.send({ type: "ping" });
    };
    const unlisten = socket.listen({
      frame: ({ type }) => {
        // After a hello there is a new line, on which nothing has been asked yet.
        if (type === "hello") say();
        if (type === "pong") done(() => resolve(performance.now() - since));
      },
    });
    const timer = setTimeout(() => done(() => reject(new Error("no answer over the WebSocket"))), PING_MS);
    const done = (then: () => void): void => {
      clearTimeout(timer);
      unlisten();
      then();
    };
    say();
  });
}

export function checkWorld(socket: Socket, choices: () => Choices): CheckWorld {
  // Missing in an insecure context, whatever its type says.
  const devices = (): MediaDevices | undefined => navigator.mediaDevices as MediaDevices | undefined;
  return {
    ping: () => ping(socket),
    start: startCheck,
    offer: async (id, end, sdp) => (await offerLoopback(id, end, sdp)).sdp,
    finish: finishCheck,
    connection: (configuration) => new RTCPeerConnection(configuration),
    peer: (call, tracks, events) => new Peer(call, tracks, events),
    capture: (kind) => (kind === "camera" ? captureCamera(devices(), choices()) : captureMicrophone(devices(), choices())),
    agent: navigator.userAgent,
  };
}
