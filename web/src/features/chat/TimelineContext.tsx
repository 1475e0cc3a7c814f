/** What the rows of a chat may ask of the list. Stable, so that rows are not drawn anew for it. */
import { createContext, useContext } from "react";
import type { TextEntry } from "./timeline";

export interface TimelineActions {
  /** In a group the sender's name stands in the bubble. */
  group: boolean;
  /** Goes to a message, wherever it is. */
  jump(seq: number): void;
  menu(entry: TextEntry, at: { x: number; y: number }): void;
  /** The keys that stand for items of the menu. */
  key(entry: TextEntry, code: string): boolean;
}

const TimelineContext = createContext<TimelineActions | null>(null);
export const TimelineProvider = TimelineContext.Provider;

export function useTimeline(): TimelineActions {
  const actions = useContext(TimelineContext);
  if (actions === null) throw new Error("useTimeline outside of MessageList");
  return actions;
}
