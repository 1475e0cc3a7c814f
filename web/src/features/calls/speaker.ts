/** Into which speaker an element plays. Safari and some others do not let a page choose. */
import { useEffect, type RefObject } from "react";

export const canChooseSpeaker = (): boolean => "setSinkId" in HTMLMediaElement.prototype;

/** `null` is the system's. A speaker that has gone is left to the system, too. */
export async function playInto(element: HTMLMediaElement, speaker: string | null): Promise<void> {
  if (!canChooseSpeaker()) return;
  await element.setSinkId(speaker ?? "").catch(() => element.setSinkId("").catch(() => undefined));
}

export function useInto(element: RefObject<HTMLMediaElement | null>, speaker: string | null): void {
  useEffect(() => {
    if (element.current !== null) void playInto(element.current, speaker);
  }, [element, speaker]);
}
