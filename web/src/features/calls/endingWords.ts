/** Which words an ending has for this side. Pure. */
import type { ru } from "../../i18n/ru";
import type { Ending } from "./view";

/** The call as this page saw it last. */
export interface LastSeen {
  /** This side called. */
  outgoing: boolean;
  answeredAt: number | null;
  at: number;
}

export interface EndingWords {
  key: keyof typeof ru.call.ended;
  look: "plain" | "error";
  /** One may want to call (back) at once. */
  again: boolean;
  lengthMs?: number;
}

const plain = (key: EndingWords["key"], again = false): EndingWords => ({ key, look: "plain", again });
const failed = (key: EndingWords["key"], again = false): EndingWords => ({ key, look: "error", again });

/** Null for what everybody expects. */
export function endingWords(why: Exclude<Ending, { code: string }>, seen: LastSeen | undefined): EndingWords | null {
  const outgoing = seen?.outgoing ?? true;
  switch (why) {
    case "completed":
      return seen?.answeredAt == null ? plain("completed") : { ...plain("completedFor"), lengthMs: seen.at - seen.answeredAt };
    case "declined":
      return plain(outgoing ? "declined" : "declinedElsewhere");
    // One's own cancelling needs no words; the one who was called has missed something.
    case "cancelled":
      return outgoing ? null : plain("missedByYou", true);
    case "missed":
      return outgoing ? plain("missed", true) : plain("missedByYou", true);
    case "busy":
      return plain("busy", true);
    case "elsewhere":
      return plain(seen?.answeredAt == null ? "elsewhere" : "movedElsewhere");
    case "lost":
      return failed("lost", true);
    case "not_recorded":
      return failed("notRecorded");
    case "media":
    case "relay":
    case "mediaNode":
    case "socket":
      return failed(why);
  }
}
