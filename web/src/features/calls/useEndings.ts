/** A short word at the end of a call, said of the right person. */
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { useApi } from "../../api/context";
import { useErrorWords } from "../../i18n/errorWords";
import { duration } from "../../lib/time";
import { navigate } from "../../lib/router";
import { useUser } from "../users";
import { useCalls } from "./context";
import { endingWords, type LastSeen } from "./endingWords";
import type { CallsView, CallView } from "./view";

/** What has gone wrong is read longer than what one expects. */
const LONG_MS = 8_000;
/** A reason that one has waited for, with something to do about it. */
const REASON_MS = 30_000;
/** No check takes longer. */
const FINDING_MS = 90_000;

export function useEndings(view: CallsView): void {
  const { t } = useTranslation();
  const errorWords = useErrorWords();
  const calls = useCalls();
  const { socket } = useApi();
  const { ending } = view;
  const name = useUser(ending?.peerId ?? undefined)?.name ?? "…";
  const last = useRef(new Map<string, LastSeen>());

  useEffect(() => {
    for (const one of [view.current, view.waiting, view.held]) remember(last.current, one);
  }, [view]);

  /** The reason is looked for meanwhile, and said when it is known. */
  async function explain(callId: string, words: string): Promise<void> {
    const action = { label: t("call.check"), onClick: () => navigate({ name: "check" }) };
    const id = toast.error(words, { description: t("call.findingOut"), duration: FINDING_MS, action });
    const { findReason } = await import("./check/background");
    const reason = await findReason(socket, () => calls.choices.chosen.get(), callId).catch(() => null);
    toast.error(words, { id, description: reason ?? "", duration: REASON_MS, action });
  }

  useEffect(() => {
    if (ending === null) return;
    const { why, peerId, kind, failed } = ending;
    if (typeof why !== "string") return void toast.error(errorWords(why.code));
    const said = endingWords(why, last.current.get(peerId ?? ""));
    if (said === null) return;
    const { key, look, again } = said;
    const length = said.lengthMs === undefined ? "" : duration(said.lengthMs);
    const words = t(`call.ended.${key}`, { name, length });
    const action =
      again && peerId !== null ? { action: { label: t("call.callBack"), onClick: () => void calls.call(peerId, kind) } } : {};
    if (failed !== null) void explain(failed, words);
    else if (look === "error") toast.error(words, { duration: LONG_MS, ...action });
    else toast(words, action);
    // Once for each ending, whatever else changes.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [ending]);
}

function remember(last: Map<string, LastSeen>, view: CallView | null): void {
  if (view?.peerId == null || view.stage === "idle") return;
  last.set(view.peerId, {
    outgoing: view.call === null || view.call.callee_id === view.peerId,
    answeredAt: view.call?.answered_at ?? null,
    at: Date.now(),
  });
}
