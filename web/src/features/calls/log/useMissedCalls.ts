/** How many calls were missed since one has last looked at the list of calls, for its tab. */
import { useEffect, useMemo } from "react";
import { recall, remember } from "../../../lib/storage";
import { Store } from "../../../lib/store";
import { useStore } from "../../../lib/useStore";
import { useMe } from "../../users";
import { countMissed } from "./entries";
import { useCallLog } from "./useCallLog";

/** When the list was looked at, in this browser. */
const KEY = "staffline.callsSeenAt";
const seenAt = new Store(Number(recall(KEY) ?? 0));

/** `looking`: the list is on the screen. */
export function useMissedCalls(looking: boolean): number {
  const { id: me } = useMe();
  const { data } = useCallLog(true);
  const seen = useStore(seenAt);
  const newest = useMemo(() => Math.max(0, ...(data?.pages[0]?.calls ?? []).map(({ ended_at }) => ended_at)), [data]);
  useEffect(() => {
    if (!looking || newest <= seen) return;
    seenAt.set(newest);
    remember(KEY, String(newest));
  }, [looking, newest, seen]);
  return looking ? 0 : countMissed(data?.pages[0]?.calls ?? [], me, seen);
}
