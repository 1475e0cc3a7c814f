/** A call of this user runs, but the device that held it is gone: it can be continued here. */
import { useTranslation } from "react-i18next";
import { Button } from "../../ui/Button";
import { useUser } from "../users";
import { useCalls, useCallsView } from "./context";
import { useMe } from "../users";

export function AbandonedBar() {
  const { t } = useTranslation();
  const calls = useCalls();
  const { abandoned } = useCallsView();
  const me = useMe();
  const peer = useUser(abandoned?.caller_id === me.id ? abandoned.callee_id : abandoned?.caller_id);
  return (
    <div role="status" className="fixed inset-x-0 bottom-4 z-40 mx-auto flex w-fit max-w-[92vw] items-center gap-4 rounded-2xl bg-raised px-4 py-3 shadow-big">
      <span>{t("call.inCall", { name: peer?.name ?? "…" })}</span>
      <Button look="primary" onClick={() => void calls.takeOver()}>
        {t("call.takeOver")}
      </Button>
    </div>
  );
}
