/** The path policy: loaded, then edited. */
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { codeOf } from "../../../../api/http";
import { getPathPolicy } from "../../../../api/routes";
import { LoadedPolicy } from "../../../../ui/rules/LoadedPolicy";
import { POLICY, PolicyEditor } from "./PolicyEditor";

export function PolicySection() {
  const { t } = useTranslation();
  const policy = useQuery({ queryKey: [POLICY], queryFn: getPathPolicy });
  return (
    <LoadedPolicy title={t("callAdmin.policy.title")} policy={policy} codeOf={codeOf}>
      {(saved) => <PolicyEditor saved={saved} />}
    </LoadedPolicy>
  );
}
