/** What is wrong with a device, in words, and what to click where the browser has been told to refuse. */
import { useTranslation } from "react-i18next";
import { PermissionHelp } from "./PermissionHelp";
import type { CallView } from "./view";

function useMediaErrorWords(error: CallView["mediaError"]): string | null {
  const { t } = useTranslation();
  if (error === null) return null;
  if (error.device === "screen") return t("call.mediaError.noScreen");
  if (error.device === "camera" && error.code !== "denied" && error.code !== "insecure") return t("call.mediaError.noCamera");
  return error.code === "other" ? t("call.mediaError.other", { code: error.detail }) : t(`call.mediaError.${error.code}`);
}

export function MediaErrorNote({ error, onClose }: { error: CallView["mediaError"]; onClose?: () => void }) {
  const { t } = useTranslation();
  const words = useMediaErrorWords(error);
  if (words === null) return null;
  return (
    <div role="alert" className="max-w-sm rounded-2xl bg-warn-soft px-4 py-3 text-left text-sm text-warn-text">
      <p>{words}</p>
      {error?.code === "denied" && error.device !== "screen" && <PermissionHelp />}
      {onClose !== undefined && (
        <button type="button" onClick={onClose} className="-mb-2 min-h-11 font-medium underline">
          {t("call.device.close")}
        </button>
      )}
    </div>
  );
}
