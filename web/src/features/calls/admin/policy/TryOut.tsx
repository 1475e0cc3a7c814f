/** Which rule would apply to a call of two people: the server judges the draft as it would judge a call. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import clsx from "clsx";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { codeOf } from "../../../../api/http";
import { tryPathPolicy } from "../../../../api/routes";
import type { PathPolicy, PathTrial, PathTrialResult } from "../../../../api/types";
import { useErrorWords } from "../../../../i18n/errorWords";
import { useDebounced } from "../../../../lib/useDebounced";
import { Card } from "../../../../ui/Card";
import { Field } from "../../../../ui/Field";
import { SelectField } from "../../../../ui/SelectField";
import { useNameOf, useStaffOptions } from "../../../users";
import { PATH_ICONS } from "../PathChip";
import { parseAddress } from "./cidr";
import { DEFAULT_RULE } from "./draft";

interface End {
  userId: string;
  address: string;
}

const NOBODY: End = { userId: "", address: "" };
const goodAddress = (text: string): boolean => text.trim() === "" || parseAddress(text.trim()) !== null;
const sent = ({ userId, address }: End) => ({ user_id: userId, ...(address.trim() !== "" && { address: address.trim() }) });

export function TryOut({ policy }: { policy: PathPolicy }) {
  const { t } = useTranslation();
  const words = useErrorWords();
  const [caller, setCaller] = useState(NOBODY);
  const [callee, setCallee] = useState(NOBODY);
  const asked = useDebounced(JSON.stringify({ policy, caller: sent(caller), callee: sent(callee) }), 250);
  const same = caller.userId !== "" && caller.userId === callee.userId;
  const whole = caller.userId !== "" && callee.userId !== "" && !same && goodAddress(caller.address) && goodAddress(callee.address);
  const decision = useQuery({
    queryKey: ["path-policy-try", asked],
    queryFn: ({ signal }) => tryPathPolicy(JSON.parse(asked) as PathTrial, signal),
    enabled: whole,
    placeholderData: keepPreviousData,
    gcTime: 0,
  });
  return (
    <Card title={t("callAdmin.try.title")} note={t("callAdmin.try.note")}>
      <div className="grid gap-4 md:grid-cols-2 md:gap-6">
        <EndFields label={t("callAdmin.try.caller")} end={caller} onChange={setCaller} />
        <EndFields label={t("callAdmin.try.callee")} end={callee} onChange={setCallee} />
      </div>
      <div role="status" className="mt-4">
        {!whole && <p className="text-sm text-muted">{t(same ? "callAdmin.try.same" : "callAdmin.try.waiting")}</p>}
        {whole && decision.isError && <p className="text-sm text-danger">{words(codeOf(decision.error))}</p>}
        {whole && decision.data !== undefined && <Decided decision={decision.data} caller={caller.userId} callee={callee.userId} />}
      </div>
    </Card>
  );
}

function EndFields({ label, end, onChange }: { label: string; end: End; onChange: (end: End) => void }) {
  const { t } = useTranslation();
  const staff = useStaffOptions();
  return (
    <fieldset className="m-0 grid min-w-0 gap-3 border-0 p-0 sm:grid-cols-2">
      <legend className="sr-only">{label}</legend>
      <SelectField
        label={label}
        none={t("callAdmin.try.choose")}
        options={staff}
        value={end.userId}
        onChange={(event) => onChange({ ...end, userId: event.target.value })}
      />
      <Field
        label={t("callAdmin.try.address")}
        hint={t("callAdmin.try.addressHint")}
        error={goodAddress(end.address) ? null : t("callAdmin.try.badAddress")}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        placeholder="10.2.0.7"
        value={end.address}
        onChange={(event) => onChange({ ...end, address: event.target.value })}
      />
    </fieldset>
  );
}

function Decided({ decision, caller, callee }: { decision: PathTrialResult; caller: string; callee: string }) {
  const { t } = useTranslation();
  const nameOf = useNameOf();
  const ruleWords = (rule: string): string => (rule === DEFAULT_RULE ? t("callAdmin.try.byDefault") : t("callAdmin.try.because", { rule }));
  const Icon = PATH_ICONS[decision.policy];
  const ends = [
    { ...decision.caller, id: caller },
    { ...decision.callee, id: callee },
  ];
  return (
    <div className="rounded-2xl bg-panel p-4">
      <p className="flex items-start gap-2 text-lg font-semibold">
        <Icon size={20} aria-hidden className="mt-0.5 shrink-0 text-accent" />
        {t("callAdmin.try.result", { path: t(`callAdmin.path.${decision.path}`) })}
      </p>
      <p className="mt-1 wrap-anywhere">{ruleWords(decision.rule)}</p>
      {decision.may_move && <p className="text-sm text-muted">{t("callAdmin.try.mayMove")}</p>}
      <ul className="mt-3 flex flex-col gap-1 border-t border-line pt-3 text-sm text-muted">
        {ends.map(({ id, policy, rule }) => (
          <li key={id} className={clsx("wrap-anywhere", rule === decision.rule && policy === decision.policy && "text-text")}>
            {t("callAdmin.try.end", { name: nameOf(id), policy: t(`callAdmin.policy.brief.${policy}`) })} · {ruleWords(rule)}
          </li>
        ))}
      </ul>
    </div>
  );
}
