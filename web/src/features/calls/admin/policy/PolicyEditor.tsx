/** The path policy being edited: the default, the rules in their order, a try-out, and what is not saved. */
import { Network, Route, UserRound, UsersRound, type LucideIcon } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, codeOf } from "../../../../api/http";
import { setPathPolicy } from "../../../../api/routes";
import type { PathPolicy, PathRule } from "../../../../api/types";
import { useErrorWords } from "../../../../i18n/errorWords";
import { useRuleWords } from "../../../../i18n/ruleWords";
import { refusedRule } from "../../../../lib/rules";
import { Card } from "../../../../ui/Card";
import { RuleList } from "../../../../ui/rules/RuleList";
import { SaveBar } from "../../../../ui/rules/SaveBar";
import { useDraft, type Drafts } from "../../../../ui/rules/useDraft";
import { useNameOf } from "../../../users";
import { PathChip } from "../PathChip";
import { draftOf, edit, isChanged, policyOf, type Draft, type Edit } from "./draft";
import { PolicyChoice } from "./PolicyChoice";
import { RuleForm } from "./RuleForm";
import { TryOut } from "./TryOut";

export const POLICY = "path-policy";
const DRAFTS: Drafts<PathPolicy, Draft, Edit> = { key: POLICY, draftOf, edit, isChanged, policyOf, save: setPathPolicy };

export function PolicyEditor({ saved }: { saved: PathPolicy }) {
  const { t } = useTranslation();
  const words = useErrorWords();
  const { draft, changed, saving, error, change, save, discard } = useDraft(DRAFTS, saved, t("callAdmin.policy.saved"));
  /** The rule in the form; `null`: a new one. */
  const [open, setOpen] = useState<number | null | undefined>(undefined);
  const at = refusedRule(error instanceof ApiError ? error.at : null);
  const why = error === null ? null : words(codeOf(error));
  const opened = draft.rules.find(({ key }) => key === open);

  return (
    <>
      <Card title={t("callAdmin.policy.title")} note={t("callAdmin.policy.note")}>
        <h3 className="font-medium">{t("callAdmin.policy.default")}</h3>
        <p className="mb-3 text-sm text-muted">{t("callAdmin.policy.defaultNote")}</p>
        <PolicyChoice
          wide
          label={t("callAdmin.policy.default")}
          value={draft.default}
          onChange={(policy) => change({ type: "default", policy })}
        />
      </Card>
      <RuleList
        rules={draft.rules}
        note={t("callAdmin.policy.rulesNote")}
        none={{ icon: <Route />, words: t("callAdmin.policy.none") }}
        refused={at === null || why === null ? null : { at, why }}
        details={(rule) => <Who match={rule.match} />}
        chip={({ policy }) => <PathChip path={policy}>{t(`callAdmin.policy.brief.${policy}`)}</PathChip>}
        onEdit={setOpen}
        onAdd={() => setOpen(null)}
        onChange={change}
      />
      <TryOut policy={policyOf(draft)} />
      {changed && <SaveBar why={why} saving={saving} onSave={save} onDiscard={discard} />}
      {open !== undefined && (
        <RuleForm
          draft={draft}
          edited={opened ?? null}
          onClose={() => setOpen(undefined)}
          onDone={(rule) => {
            change(opened === undefined ? { type: "add", rule } : { type: "change", key: opened.key, rule });
            setOpen(undefined);
          }}
        />
      )}
    </>
  );
}

const ICONS: Record<PathRule["match"]["type"], LucideIcon> = { network: Network, role: UsersRound, user: UserRound };

function Who({ match }: Pick<PathRule, "match">) {
  const who = useRuleWords(useNameOf());
  const Icon = ICONS[match.type];
  return (
    <>
      <Icon size={15} aria-hidden className="mt-0.5 shrink-0" />
      {who(match)}
    </>
  );
}
