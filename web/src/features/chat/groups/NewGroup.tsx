/** Makes a group: its name, and who is in it. */
import { useMemo, useState, type SubmitEvent } from "react";
import { useTranslation } from "react-i18next";
import { codeOf } from "../../../api/http";
import { useErrorWords } from "../../../i18n/errorWords";
import { Button } from "../../../ui/Button";
import { Field } from "../../../ui/Field";
import { Sheet } from "../../../ui/Sheet";
import { useMe } from "../../users";
import { PeoplePicker } from "./PeoplePicker";
import { useCandidates } from "./useCandidates";
import { useCreateGroup } from "./useGroups";

export function NewGroup({ onClose, onMade }: { onClose: () => void; onMade: (conversationId: string) => void }) {
  const { t } = useTranslation();
  const words = useErrorWords();
  const me = useMe();
  const candidates = useCandidates(useMemo(() => [me.id], [me.id]));
  const create = useCreateGroup();
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState<readonly string[]>([]);

  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    create.mutate(
      { name: name.trim(), userIds: [...chosen] },
      {
        onSuccess: ({ id }) => {
          onClose();
          onMade(id);
        },
      },
    );
  };

  return (
    <Sheet title={t("groups.new")} onClose={onClose}>
      <form onSubmit={submit} className="flex min-h-0 flex-1 flex-col gap-4 px-4 pb-4">
        <Field
          label={t("groups.name")}
          placeholder={t("groups.namePlaceholder")}
          value={name}
          maxLength={100}
          autoFocus
          autoComplete="off"
          error={create.isError ? words(codeOf(create.error)) : null}
          onChange={(event) => setName(event.target.value)}
        />
        <PeoplePicker people={candidates} chosen={chosen} onChange={setChosen} />
        <Button type="submit" look="primary" busy={create.isPending} disabled={name.trim() === "" || chosen.length === 0}>
          {t("groups.create")}
        </Button>
      </form>
    </Sheet>
  );
}
