/** What is new to the reader: the line above it, and telling that it has been read. */
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { markRead } from "../../api/routes";
import type { ListedConversation, Message } from "../../api/types";
import { useVisible } from "../../lib/useVisible";
import { useMe } from "../users";
import { readSeqOf, useMarkReadLocally } from "./conversations";
import { ReadMarker } from "./read";

/** Where the line stood when the chat was opened; null if all had been read. */
export function lineAtOpening(conversation: ListedConversation, me: string): number | null {
  return conversation.unread > 0 ? readSeqOf(conversation, me) : null;
}

export interface NewLine {
  after: number | null;
  /** The reader has answered: nothing is new any more. */
  clear(): void;
}

/** `watching`: the newest message would be seen as it comes. If not, the line is put above what comes. */
export function useNewLine(conversation: ListedConversation, messages: readonly Message[], watching: boolean): NewLine {
  const { id: me } = useMe();
  const [after, setAfter] = useState(() => lineAtOpening(conversation, me));
  const newest = messages.findLast(({ sender_id }) => sender_id !== me)?.seq ?? 0;
  const [known, setKnown] = useState(newest);
  if (newest > known) {
    setKnown(newest);
    const read = readSeqOf(conversation, me);
    if (!watching && read >= known) setAfter(Math.max(read, known));
  }
  return { after, clear: useCallback(() => setAfter(null), []) };
}

/** Takes the furthest place that has been in sight; it counts while the page is visible. */
export function useReading(conversation: ListedConversation): (seq: number) => void {
  const { id: me } = useMe();
  const visible = useVisible();
  const locally = useMarkReadLocally();
  const { id } = conversation;
  const marker = useMemo(() => new ReadMarker({ mark: (seq) => markRead(id, seq) }), [id]);
  const lowest = useRef(0);
  const unread = conversation.unread > 0;
  const read = readSeqOf(conversation, me);

  const tell = useCallback(() => {
    // One's own messages need no reading.
    if (!visible || !unread || lowest.current <= read) return;
    locally(id, lowest.current);
    marker.saw(lowest.current);
  }, [visible, unread, read, locally, id, marker]);
  useEffect(tell, [tell]);
  useEffect(() => () => marker.stop(), [marker]);

  return useCallback(
    (seq) => {
      lowest.current = Math.max(lowest.current, seq);
      tell();
    },
    [tell],
  );
}
