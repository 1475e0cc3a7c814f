/** For whom a rule of the path policy is, in words. */
import { useTranslation } from "react-i18next";
import type { ru } from "./ru";

/** As the server describes it. */
export type Matched =
  | { type: "network"; cidr: string }
  | { type: "role"; role: keyof typeof ru.role }
  | { type: "user"; user_id: string };

export function useRuleWords(nameOf: (id: string) => string): (match: Matched) => string {
  const { t } = useTranslation();
  return (match) => {
    switch (match.type) {
      case "network":
        return t("callAdmin.policy.who.network", { cidr: match.cidr });
      case "role":
        return t("callAdmin.policy.who.role", { role: t(`role.${match.role}`) });
      case "user":
        return t("callAdmin.policy.who.user", { name: nameOf(match.user_id) });
    }
  };
}
