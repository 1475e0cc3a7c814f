/** For whom or what a rule is. */
import { useTranslation } from "react-i18next";
import type { RecordingRuleMatch } from "../../../api/recordings";
import type { Role } from "../../../api/types";
import { Segmented } from "../../../ui/Segmented";
import { SelectField } from "../../../ui/SelectField";
import { useStaffOptions } from "../../users";
import { ConversationField } from "./ConversationField";
import { valueOf, type RuleProblems } from "./draft";

export const ROLES: readonly Role[] = ["employee", "manager", "compliance", "admin"];
const TYPES = ["everybody", "role", "user", "conversation"] as const;
export type MatchType = (typeof TYPES)[number];

/** All that was typed, whichever of it counts. */
export interface TypedMatch {
  type: MatchType;
  role: Role;
  userId: string;
  conversationId: string;
}

export function typedMatch(match: RecordingRuleMatch | undefined): TypedMatch {
  const empty: TypedMatch = { type: "everybody", role: "employee", userId: "", conversationId: "" };
  if (match === undefined) return empty;
  const value = valueOf(match);
  return {
    ...empty,
    type: match.type,
    ...(match.type === "role" && { role: match.role }),
    ...(match.type === "user" && { userId: value }),
    ...(match.type === "conversation" && { conversationId: value }),
  };
}

export function matchOf({ type, role, userId, conversationId }: TypedMatch): RecordingRuleMatch {
  const matches: Record<MatchType, RecordingRuleMatch> = {
    everybody: { type: "everybody" },
    role: { type: "role", role },
    user: { type: "user", user_id: userId },
    conversation: { type: "conversation", conversation_id: conversationId },
  };
  return matches[type];
}

export interface MatchFieldProps {
  label: string;
  typed: TypedMatch;
  problems: Pick<RuleProblems, "user" | "conversation">;
  set(change: Partial<TypedMatch>): void;
}

export function MatchField(props: MatchFieldProps) {
  const { t } = useTranslation();
  return (
    <>
      <Segmented<MatchType>
        label={props.label}
        value={props.typed.type}
        options={TYPES.map((type) => ({ value: type, label: type === "role" || type === "user" ? t(`rules.${type}`) : t(`recordingAdmin.form.${type}`) }))}
        onChange={(type) => props.set({ type })}
      />
      <Which {...props} />
    </>
  );
}

function Which({ typed, problems, set }: MatchFieldProps) {
  const { t } = useTranslation();
  const staff = useStaffOptions();
  switch (typed.type) {
    case "everybody":
      return null;
    case "role":
      return (
        <SelectField
          label={t("rules.role")}
          options={ROLES.map((role) => ({ value: role, label: t(`role.${role}`) }))}
          value={typed.role}
          onChange={(event) => set({ role: event.target.value as Role })}
        />
      );
    case "user":
      return (
        <SelectField
          label={t("rules.user")}
          none={t("rules.chooseUser")}
          error={problems.user === true ? t("rules.chooseUserFirst") : null}
          options={staff}
          value={typed.userId}
          onChange={(event) => set({ userId: event.target.value })}
        />
      );
    case "conversation":
      return (
        <ConversationField
          value={typed.conversationId}
          error={problems.conversation === true ? t("recordingAdmin.problem.conversation") : null}
          onChange={(conversationId) => set({ conversationId })}
        />
      );
  }
}
