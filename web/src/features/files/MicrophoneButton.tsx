/** Begins a voice message; says in words what keeps it from that. */
import { Mic } from "lucide-react";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { IconButton } from "../../ui/Button";
import type { RecorderError } from "./recorder";
import type { Recording } from "./useRecording";

export function MicrophoneButton({ recording }: { recording: Recording }) {
  const { t } = useTranslation();
  const words = useRecorderErrorWords();
  const { error, forgetError, inCall, start } = recording;

  useEffect(() => {
    if (error === null) return;
    toast.error(words(error), { duration: 12_000 });
    forgetError();
  }, [error, forgetError, words]);

  return (
    <IconButton
      label={inCall ? t("voice.inCall") : t("voice.record")}
      // Not `disabled`: the reason must be found by those who come by keyboard too.
      aria-disabled={inCall}
      onClick={() => (inCall ? toast(t("voice.inCall")) : start())}
      className={inCall ? "text-muted opacity-50" : "bg-gradient-own text-white"}
    >
      <Mic size={20} aria-hidden />
    </IconButton>
  );
}

/** Each browser hides the permission in another place. */
function useRecorderErrorWords(): (error: RecorderError) => string {
  const { t } = useTranslation();
  return ({ code, detail }) => {
    if (code === "denied" && /Firefox\//u.test(navigator.userAgent)) return t("voice.error.deniedFirefox");
    if (code === "denied" && /^((?!Chrom|Android).)*Safari/u.test(navigator.userAgent)) return t("voice.error.deniedSafari");
    return t(`voice.error.${code}`, { code: detail });
  };
}
