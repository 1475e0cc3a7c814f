/**
 * Which of one's open tabs tells of a message, and how. Each tab says how near its reader is to the message; the nearest one acts.
 * Pure; tabs.ts lets the tabs talk.
 */

/** How near the reader of a tab is to a message: the smaller, the nearer. */
export const NEARNESS = {
  /** The conversation is on the screen. */
  reading: 0,
  /** The page has the keyboard. */
  working: 1,
  /** The page can be seen, beside the window that is worked in. */
  visible: 2,
  hidden: 3,
} as const;
export type Nearness = (typeof NEARNESS)[keyof typeof NEARNESS];

export interface Bid {
  /** Of the message. */
  id: string;
  tab: string;
  nearness: Nearness;
}

export interface Wanted {
  sound: boolean;
  desktop: boolean;
}

const NOTHING: Wanted = { sound: false, desktop: false };

/** What the tab `mine` is to do about a message, when all bids are in. */
export function decide(mine: string, bids: readonly Bid[]): Wanted {
  const [first, ...rest] = bids;
  if (first === undefined) return NOTHING;
  const nearest = rest.reduce((best, bid) => (bid.nearness - best.nearness || (bid.tab < best.tab ? -1 : 1)) < 0 ? bid : best, first);
  if (nearest.tab !== mine || nearest.nearness === NEARNESS.reading) return NOTHING;
  return { sound: true, desktop: nearest.nearness >= NEARNESS.visible };
}

export function nearness(reading: boolean, visible: boolean, focused: boolean): Nearness {
  if (!visible) return NEARNESS.hidden;
  if (reading) return NEARNESS.reading;
  return focused ? NEARNESS.working : NEARNESS.visible;
}
