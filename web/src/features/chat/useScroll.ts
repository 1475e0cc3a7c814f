/**
 * Where the pane stands. At the newest message it stays there as messages come; anywhere else what the reader looks at stays
 * under their eyes. Near an end of what is in the document more is put there, or fetched.
 */
import { useCallback, useEffect, useEffectEvent, useLayoutEffect, useMemo, useRef, useState, type RefObject } from "react";
import { anchorOf, lowestSeen, NOWHERE, restore, rowsOf, type Anchor } from "./anchor";
import { cut, earlier, later, type Slice } from "./slice";
import type { Entry } from "./timeline";
import type { Stretches } from "./useHistory";

/** This near to the end counts as being there. */
const NEAR_PX = 80;
/** This near to what is not in the document, it is put there. */
const AHEAD_PX = 1_200;
/** How long the message that one has jumped to is marked. */
const MARKED_MS = 2_400;

/** A message, or the line above the first one after `seq`. */
type Place = { at: "line" | "message"; seq: number };
/** Where the chat is opened, or what one goes to. */
export type Target = { at: "end" } | Place;

export interface ScrollInput {
  entries: readonly Entry[];
  hasOlder: boolean;
  hasNewer: boolean;
  stretches: Stretches;
  begin: Target;
  /** Everything up to this message has been in sight. */
  onSeen(seq: number): void;
}

export interface Scroll {
  pane: RefObject<HTMLDivElement | null>;
  content: RefObject<HTMLDivElement | null>;
  /** What belongs into the document. */
  shown: readonly Entry[];
  /** Whether that begins and ends with what is loaded. */
  fromStart: boolean;
  toLast: boolean;
  /** Whether the newest message is in sight. */
  atEnd: boolean;
  /** The message to be marked. */
  marked: number | null;
  onScroll(): void;
  toEnd(): Promise<void>;
  /** False if it could not be fetched. */
  jump(seq: number): Promise<boolean>;
}

export function useScroll({ entries, hasOlder, hasNewer, stretches, begin, onSeen }: ScrollInput): Scroll {
  const pane = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const [slice, setSlice] = useState<Slice>(() => (begin.at === "end" ? begin : { at: "around", seq: begin.seq }));
  const [atEnd, setAtEnd] = useState(begin.at === "end");
  const [marked, setMarked] = useState<number | null>(null);
  const sticking = useRef(begin.at === "end");
  const target = useRef<Target | null>(begin.at === "end" ? null : begin);
  const anchor = useRef<Anchor>(NOWHERE);
  const { start, end } = useMemo(() => cut(entries, slice), [entries, slice]);
  const shown = useMemo(() => entries.slice(start, end), [entries, start, end]);
  const toLast = end === entries.length;

  /** Puts more where the reader is near to an end; true if the document changes at once. */
  const extend = useCallback(
    (element: HTMLElement): boolean => {
      const below = element.scrollHeight - element.scrollTop - element.clientHeight;
      if (element.scrollTop < AHEAD_PX) {
        const more = earlier(entries, { start, end });
        if (more !== null) setSlice(more);
        if (more !== null) return true;
        if (hasOlder && stretches.older === "idle") void stretches.loadOlder();
      }
      if (below < AHEAD_PX) {
        const more = later(entries, { start, end });
        if (more !== null) setSlice(more);
        if (more !== null) return true;
        if (hasNewer && stretches.newer === "idle") void stretches.loadNewer();
      }
      return false;
    },
    [entries, start, end, hasOlder, hasNewer, stretches],
  );

  /** Remembers the place, after whatever has moved. `wanted`: where things should stand, which could not be scrolled to yet. */
  const settle = useCallback(
    (element: HTMLElement, wanted?: Anchor) => {
      const near = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX;
      sticking.current = near && toLast && !hasNewer;
      setAtEnd(sticking.current);
      anchor.current = anchorOf(element);
      onSeen(lowestSeen(element));
      // There is room above only when more stands there, which is before the browser paints.
      if (extend(element) && wanted !== undefined) anchor.current = wanted;
    },
    [toLast, hasNewer, onSeen, extend],
  );

  const onScroll = useCallback(() => {
    if (pane.current !== null) settle(pane.current);
  }, [settle]);

  /** Goes to the target once it can be reached; false if there is nothing to be seen before. */
  const approach = useCallback(
    (element: HTMLElement, to: Target): boolean => {
      const opened = anchor.current !== NOWHERE;
      if (to.at === "end") {
        if (hasNewer) return opened;
        target.current = null;
        sticking.current = true;
        if (slice.at !== "end") setSlice(to);
        return slice.at === "end";
      }
      if (!covers(entries, to.seq, hasOlder, hasNewer)) return opened;
      if (place(element, to)) {
        target.current = null;
        sticking.current = false;
        anchor.current = anchorOf(element);
      } else if (slice.at === "around" && slice.seq === to.seq) {
        target.current = null;
        sticking.current = true;
      } else {
        setSlice({ at: "around", seq: to.seq });
        return false;
      }
      return true;
    },
    [entries, slice, hasOlder, hasNewer],
  );

  // Before the browser paints: nobody sees the place lost.
  useLayoutEffect(() => {
    const element = pane.current;
    if (element === null) return;
    if (target.current !== null && !approach(element, target.current)) return;
    if (!sticking.current) return settle(element, restore(element, anchor.current));
    element.scrollTop = element.scrollHeight;
    settle(element);
  }, [shown, slice, approach, settle]);

  // Pictures that load, a phone's keyboard, a turned screen, a longer input.
  useLayoutEffect(() => {
    const element = pane.current;
    if (element === null || content.current === null) return;
    const observer = new ResizeObserver(() => {
      if (anchor.current === NOWHERE) return;
      if (sticking.current) element.scrollTop = element.scrollHeight;
      else restore(element, anchor.current);
      anchor.current = anchorOf(element);
    });
    observer.observe(element);
    observer.observe(content.current);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    if (marked === null) return;
    const timer = setTimeout(() => setMarked(null), MARKED_MS);
    return () => clearTimeout(timer);
  }, [marked]);

  /** What must be fetched first changes the entries when it is there, and then the effect above goes there. */
  const go = useCallback(
    async (to: Target) => {
      target.current = to;
      const here = to.at === "end" ? !hasNewer : covers(entries, to.seq, hasOlder, hasNewer);
      // A new object even for the same place, so that the effect runs.
      if (here) setSlice(to.at === "end" ? { ...to } : { at: "around", seq: to.seq });
      else if (!(await (to.at === "end" ? stretches.newest() : stretches.jump(to.seq)))) {
        target.current = null;
        // The chat is being opened there: better what is loaded than nothing.
        if (anchor.current === NOWHERE) sticking.current = true;
        setSlice((now) => ({ ...now }));
        return false;
      }
      return true;
    },
    [entries, hasOlder, hasNewer, stretches],
  );
  const toEnd = useCallback(async () => void (await go({ at: "end" })), [go]);

  const jump = useCallback(
    async (seq: number) => {
      const there = await go({ at: "message", seq });
      if (there) setMarked(seq);
      return there;
    },
    [go],
  );

  // Opened where what is loaded does not reach.
  const opening = useEffectEvent(async () => {
    if (target.current?.at === "line") await go(target.current);
  });
  useEffect(() => void opening(), []);

  return { pane, content, shown, fromStart: start === 0, toLast, atEnd, marked, onScroll, toEnd, jump };
}

/** Whether a place is in what is loaded. */
function covers(entries: readonly Entry[], seq: number, hasOlder: boolean, hasNewer: boolean): boolean {
  const first = entries.find((entry) => Number.isFinite(entry.seq));
  const last = entries.findLast((entry) => Number.isFinite(entry.seq));
  if (first === undefined || last === undefined) return !hasOlder && !hasNewer;
  return (!hasOlder || first.seq <= seq) && (!hasNewer || seq <= last.seq);
}

/** Scrolls to a message, or to the line above it; false if it is not there yet. */
function place(pane: HTMLElement, target: Place): boolean {
  const rows = rowsOf(pane);
  const isLine = ({ dataset }: HTMLElement): boolean => dataset["key"] === "line";
  const row = target.at === "line" ? rows.find(isLine) : rows.find((one) => !isLine(one) && Number(one.dataset["seq"]) >= target.seq);
  if (row === undefined) return false;
  const box = row.getBoundingClientRect();
  const top = box.top - pane.getBoundingClientRect().top;
  // A message in the middle; the line near the top, with a little of what had been read.
  const wanted = target.at === "line" ? pane.clientHeight / 5 : Math.max(8, (pane.clientHeight - box.height) / 2);
  pane.scrollTop += top - wanted;
  if (target.at === "message") row.focus({ preventScroll: true });
  return true;
}
