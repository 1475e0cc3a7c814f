/** The recording policy: loaded, then edited by an admin, or shown to an officer. */
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { codeOf } from "../../../api/http";
import { getRecordingPolicy, type RecordingPolicy } from "../../../api/recordings";
import { LoadedPolicy } from "../../../ui/rules/LoadedPolicy";
import { POLICY } from "./key";
import { PolicyEditor } from "./PolicyEditor";

export function PolicySection() {
  return <Loaded>{(policy) => <PolicyEditor saved={policy} />}</Loaded>;
}

export function Loaded({ children }: { children: (policy: RecordingPolicy) => ReactNode }) {
  const { t } = useTranslation();
  const policy = useQuery({ queryKey: [POLICY], queryFn: getRecordingPolicy });
  return (
    <LoadedPolicy title={t("recordingAdmin.title")} policy={policy} codeOf={codeOf}>
      {children}
    </LoadedPolicy>
  );
}
