/** Brings more people into a group. */
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { codeOf } from "../../../api/http";
import type { Conversation } from "../../../api/types";
import { useErrorWords } from "../../../i18n/errorWords";
import { Button } from "../../../ui/Button";
import { Sheet } from "../../../ui/Sheet";
import { PeoplePicker } from "./PeoplePicker";
import { useCandidates } from "./useCandidates";
import { useAddMembers } from "./useGroups";

export function AddMembers({ conversation: { id, members }, onClose }: { conversation: Conversation; onClose: () => void }) {
  const { t } = useTranslation();
  const words = useErrorWords();
  const candidates = useCandidates(useMemo(() => members.map(({ user_id }) => user_id), [members]));
  const add = useAddMembers(id);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  return (
    <Sheet title={t("groups.add")} onClose={onClose}>
      <div className="flex min-h-0 flex-1 flex-col gap-4 px-4 pb-4">
        <PeoplePicker people={candidates} chosen={chosen} onChange={setChosen} />
        {add.isError && (
          <p role="alert" className="text-sm text-danger">
            {words(codeOf(add.error))}
          </p>
        )}
        <Button look="primary" busy={add.isPending} disabled={chosen.length === 0} onClick={() => add.mutate([...chosen], { onSuccess: onClose })}>
          {t("groups.addSubmit")}
        </Button>
      </div>
    </Sheet>
  );
}
