/** Shows a stream in a media element; React has no attribute for it. */
import { useEffect, useRef, type RefObject } from "react";

export function useStream<T extends HTMLMediaElement>(stream: MediaStream | null): RefObject<T | null> {
  const element = useRef<T>(null);
  useEffect(() => {
    if (element.current === null) return;
    element.current.srcObject = stream;
    // Autoplay begins only elements that have not been paused: after a stream that had ended they are.
    if (stream !== null) element.current.play().catch(() => undefined);
  }, [stream]);
  return element;
}
