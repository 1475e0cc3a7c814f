/** The avatar of a call without a picture, with a ring that breathes with the voice. */
import clsx from "clsx";
import { useEffect, useRef } from "react";
import { Avatar } from "../../ui/Avatar";
import { useCalls } from "./context";
import type { Person } from "./pieces";

/** How often the voice is looked at. */
const LOOK_MS = 100;

function loudness(connection: RTCPeerConnection | null): number {
  const receiver = connection?.getReceivers().find(({ track }) => track.kind === "audio");
  return receiver?.getSynchronizationSources()[0]?.audioLevel ?? 0;
}

export function VoiceAvatar({ person, speaking, quiet }: { person: Person; speaking: boolean; quiet: boolean }) {
  const calls = useCalls();
  const ring = useRef<HTMLSpanElement>(null);

  useEffect(() => {
    // Straight to the element: ten renders a second would be a waste.
    const timer = setInterval(() => {
      const level = quiet ? 0 : Math.min(1, Math.sqrt(loudness(calls.connection)) * 1.6);
      if (ring.current === null) return;
      ring.current.style.transform = `scale(${1 + level * 0.35})`;
      ring.current.style.opacity = String(0.25 + level * 0.6);
    }, LOOK_MS);
    return () => clearInterval(timer);
  }, [calls, quiet]);

  return (
    <span className="relative grid place-items-center">
      <span ref={ring} aria-hidden="true" className="absolute size-34 rounded-full bg-gradient-brand opacity-25 transition motion-reduce:hidden" />
      <span className={clsx("relative rounded-full p-1 transition", speaking ? "bg-online" : "bg-gradient-brand", quiet && "opacity-60 grayscale")}>
        <Avatar id={person.id} name={person.name} picture={person.picture} size="xl" />
      </span>
    </span>
  );
}
