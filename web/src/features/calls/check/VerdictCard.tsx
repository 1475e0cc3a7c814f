/** What came of the check: in one sentence, what it means, and what to tell whom. */
import { Check, CircleCheck, Copy, RotateCw, TriangleAlert } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { copyText } from "../../../lib/copyText";
import { fullDate } from "../../../lib/time";
import { Button } from "../../../ui/Button";
import { PermissionHelp } from "../PermissionHelp";
import type { CheckView } from "./check";
import { asText, tellOf } from "./words";

export function VerdictCard({ view, onAgain }: { view: CheckView; onAgain: () => void }) {
  const { t, i18n } = useTranslation("check");
  const { t: common } = useTranslation();
  const title = useRef<HTMLHeadingElement>(null);
  const [at] = useState(Date.now);
  const [copied, setCopied] = useState(false);
  // What had the focus is gone with the progress.
  useEffect(() => title.current?.focus(), []);
  const { verdict, stored, outcomes } = view;
  if (verdict === null) return null;
  const good = verdict === "ok";
  const tell = tellOf(t, view);
  const denied = [outcomes.microphone, outcomes.camera].some((outcome) => outcome?.detail?.startsWith("denied") === true);
  const Sign = good ? CircleCheck : TriangleAlert;

  async function copy(): Promise<void> {
    setCopied(await copyText(asText(t, view, fullDate(i18n.language, at), navigator.userAgent)));
  }

  return (
    <section className="flex flex-col gap-3 rounded-3xl border border-line bg-page p-4 md:p-6">
      <div className="flex items-start gap-3">
        <Sign size={26} aria-hidden className={good ? "shrink-0 text-good" : "shrink-0 text-warn-text"} />
        <div className="min-w-0">
          <h2 ref={title} tabIndex={-1} className="text-lg leading-snug font-semibold outline-none">
            {t(`verdict.${verdict}.title`)}
          </h2>
          <p className="mt-1">{t(`verdict.${verdict}.detail`)}</p>
          {(verdict === "no_microphone" || verdict === "no_camera") && denied && (
            <div className="text-sm">
              <PermissionHelp />
            </div>
          )}
        </div>
      </div>
      {tell !== "" && (
        <div className="rounded-2xl bg-warn-soft px-4 py-3 text-warn-text">
          <p className="text-sm font-medium">{t("tell")}</p>
          <p className="wrap-anywhere">{tell}</p>
        </div>
      )}
      {stored !== null && <p className="text-sm text-muted">{t(stored ? "sent" : "notSent")}</p>}
      <div className="flex flex-wrap gap-2">
        <Button icon={copied ? <Check size={18} aria-hidden /> : <Copy size={18} aria-hidden />} onClick={() => void copy()}>
          {copied ? common("app.copied") : t("copyText")}
        </Button>
        <Button icon={<RotateCw size={18} aria-hidden />} onClick={onAgain}>
          {t("again")}
        </Button>
      </div>
    </section>
  );
}
