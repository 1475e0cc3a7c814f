/** A call of this user runs, but the device that held it is gone: it can be continued here. */
import { useTranslation } from "react-i18next";
import type { CallState } from "../../api/types";
import { Button } from "../../ui/Button";
import { useMe } from "../users";
import { useCalls } from "./context";
import { usePerson } from "./pieces";

export function AbandonedBar({ call }: { call: CallState }) {
  const { t } = useTranslation();
  const calls = useCalls();
  const me = useMe();
  const { name } = usePerson(call.caller_id === me.id ? call.callee_id : call.caller_id);
  return (
    <div role="status" className="fixed inset-x-0 bottom-4 z-40 mx-auto flex w-fit max-w-[92vw] items-center gap-4 rounded-2xl bg-raised px-4 py-3 shadow-big">
      <span>{t("call.inCall", { name })}</span>
      <Button look="primary" onClick={() => void calls.takeOver()}>
        {t("call.takeOver")}
      </Button>
    </div>
  );
}
