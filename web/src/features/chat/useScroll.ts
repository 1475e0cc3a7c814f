/**
 * Where the pane stands: at the newest message it stays there as messages come; further up it stays where it is and counts
 * what came meanwhile. Older messages put in front move nothing under the reader's eyes.
 */
import { useCallback, useLayoutEffect, useRef, useState, type RefObject } from "react";

/** This near to the end counts as being there. */
const NEAR_PX = 80;
/** This near to the beginning, older messages are fetched. */
const FETCH_PX = 600;

export interface ScrollInput {
  /** Keys of the first and last message, and whether the last is the reader's own. */
  first: string | undefined;
  last: string | undefined;
  lastIsOwn: boolean;
  count: number;
  onNearTop(): void;
}

export interface Scroll {
  pane: RefObject<HTMLDivElement | null>;
  atEnd: boolean;
  /** Messages that came while the reader was further up. */
  fresh: number;
  onScroll(): void;
  toEnd(): void;
}

export function useScroll({ first, last, lastIsOwn, count, onNearTop }: ScrollInput): Scroll {
  const pane = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEnd] = useState(true);
  const [fresh, setFresh] = useState(0);
  const before = useRef<{ first: string | undefined; last: string | undefined; count: number; height: number }>(null);
  const sticking = useRef(true);

  const toEnd = useCallback(() => {
    const element = pane.current;
    if (element === null) return;
    element.scrollTop = element.scrollHeight;
    sticking.current = true;
    setFresh(0);
  }, []);

  const onScroll = useCallback(() => {
    const element = pane.current;
    if (element === null) return;
    const near = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX;
    sticking.current = near;
    setAtEnd(near);
    if (near) setFresh(0);
    if (element.scrollTop < FETCH_PX) onNearTop();
  }, [onNearTop]);

  useLayoutEffect(() => {
    const element = pane.current;
    if (element === null) return;
    const old = before.current;
    const cameInFront = old !== null && old.first !== first && old.last === last;
    const cameAfter = old !== null && old.last !== last;
    if (old === null || sticking.current || (cameAfter && lastIsOwn)) toEnd();
    else if (cameInFront) element.scrollTop += element.scrollHeight - old.height;
    else if (cameAfter) setFresh((fresh) => fresh + Math.max(0, count - old.count));
    before.current = { first, last, count, height: element.scrollHeight };
    if (element.scrollHeight <= element.clientHeight + FETCH_PX) onNearTop();
  }, [first, last, lastIsOwn, count, onNearTop, toEnd]);

  // The keyboard of a phone, a rotated screen, a longer input: whoever reads the newest goes on reading it.
  useLayoutEffect(() => {
    const element = pane.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => {
      if (sticking.current) element.scrollTop = element.scrollHeight;
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  return { pane, atEnd, fresh, onScroll, toEnd };
}
