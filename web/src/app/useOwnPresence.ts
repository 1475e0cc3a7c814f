/** Tells the server whether anybody sits before this page: away when it is hidden, or untouched for five minutes. */
import { useEffect } from "react";
import { useApi } from "../api/context";

const IDLE_MS = 5 * 60_000;

export function useOwnPresence(): void {
  const { socket } = useApi();
  useEffect(() => {
    let said: "online" | "away" = "online";
    let timer: ReturnType<typeof setTimeout>;
    const say = (presence: "online" | "away"): void => {
      if (presence !== said && socket.send({ type: "presence", presence })) said = presence;
    };
    const touched = (): void => {
      clearTimeout(timer);
      if (document.visibilityState === "hidden") return say("away");
      say("online");
      timer = setTimeout(() => say("away"), IDLE_MS);
    };
    const events = ["pointerdown", "pointermove", "keydown", "visibilitychange"] as const;
    for (const event of events) document.addEventListener(event, touched, { passive: true });
    // A new socket is online for the server until it hears otherwise.
    const stop = socket.listen({
      frame: ({ type }) => {
        if (type !== "hello") return;
        said = "online";
        touched();
      },
    });
    touched();
    return () => {
      clearTimeout(timer);
      stop();
      for (const event of events) document.removeEventListener(event, touched);
    };
  }, [socket]);
}
