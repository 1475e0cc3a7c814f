/** Whether a rule records by itself, or when somebody switches it on. */
import { Disc, Hand } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { RecordingRule } from "../../../api/recordings";
import { Chip } from "../Chip";

export function ModeChip({ mode }: Pick<RecordingRule, "mode">) {
  const { t } = useTranslation();
  return (
    <Chip look="accent" icon={mode === "always" ? Disc : Hand}>
      {t(`recordingAdmin.mode.${mode}`)}
    </Chip>
  );
}
