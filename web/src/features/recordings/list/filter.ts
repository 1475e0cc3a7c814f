/** What officers look for, as it stands in the form, and as it is asked of the server. Pure. */
import type { RecordingQuery, RecordingReview } from "../../../api/recordings";
import type { Outcome } from "../../../api/types";

/** All that was typed; empty: it does not matter. */
export interface Filter {
  q: string;
  userId: string;
  /** Days, as `YYYY-MM-DD`, both included. */
  from: string;
  to: string;
  /** Minutes. */
  min: string;
  max: string;
  outcome: Outcome | "";
  review: RecordingReview | "";
  tag: string;
  conversationId: string;
}

export const NO_FILTER: Filter = { q: "", userId: "", from: "", to: "", min: "", max: "", outcome: "", review: "", tag: "", conversationId: "" };

export const isEmpty = (filter: Filter): boolean => Object.values(filter).every((value) => value.trim() === "");

/** Those that are folded away at first. */
const FOLDED = ["min", "max", "outcome", "tag", "conversationId"] as const satisfies readonly (keyof Filter)[];
export const usesFolded = (filter: Filter): boolean => FOLDED.some((field) => filter[field].trim() !== "");

/** The first moment of a day, or of the one after it, by the reader's clock. */
function midnight(day: string, after: 0 | 1): number | undefined {
  const found = /^(\d{4,5})-(\d\d)-(\d\d)$/u.exec(day);
  if (found === null) return undefined;
  return new Date(Number(found[1]), Number(found[2]) - 1, Number(found[3]) + after).getTime();
}

/** Of days, both included; what is not given is left out. */
export function periodOf({ from, to }: { from: string; to: string }): { from?: number; to?: number } {
  const [begin, end] = [midnight(from, 0), midnight(to, 1)];
  return { ...(begin !== undefined && { from: begin }), ...(end !== undefined && { to: end }) };
}

function seconds(minutes: string): number | undefined {
  const value = Number(minutes.trim().replace(",", "."));
  return minutes.trim() === "" || !Number.isFinite(value) || value < 0 ? undefined : Math.round(value * 60);
}

/** What cannot be understood is not asked for. */
export function queryOf(filter: Filter): RecordingQuery {
  const asked: { [Name in keyof RecordingQuery]: RecordingQuery[Name] | "" | undefined } = {
    q: filter.q.trim(),
    user_id: filter.userId,
    ...periodOf(filter),
    min_s: seconds(filter.min),
    max_s: seconds(filter.max),
    conversation_id: filter.conversationId.trim(),
    outcome: filter.outcome,
    tag: filter.tag.trim(),
    review: filter.review,
  };
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined && value !== ""));
}
