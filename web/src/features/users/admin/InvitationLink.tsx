/** The one moment at which an invitation link can be seen and copied: the server keeps only its hash. */
import { Check, Copy } from "lucide-react";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { fullDate } from "../../../lib/time";
import { Button } from "../../../ui/Button";
import { Dialog } from "../../../ui/Dialog";

export interface Link {
  name: string;
  url: string;
  expiresAt: number;
}

export function InvitationLink({ link, onClose }: { link: Link; onClose: () => void }) {
  const { t, i18n } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  const [copied, setCopied] = useState(false);
  const title = t("admin.linkTitle", { name: link.name });

  async function copy(): Promise<void> {
    input.current?.select();
    try {
      await navigator.clipboard.writeText(input.current?.value ?? "");
      setCopied(true);
    } catch {
      // Without https there is no clipboard; the link stands selected.
    }
  }

  return (
    <Dialog label={title} onClose={onClose} className="w-[30rem] max-w-[92vw]">
      <div className="flex flex-col gap-4 p-6">
        <h3 className="text-lg font-semibold">{title}</h3>
        <p className="text-sm text-muted">{t("admin.linkDetail", { until: fullDate(i18n.language, link.expiresAt) })}</p>
        <input
          ref={input}
          readOnly
          aria-label={t("admin.linkLabel")}
          value={link.url}
          onFocus={(event) => event.target.select()}
          className="min-h-11 rounded-xl border border-line-strong bg-panel px-3 font-mono text-sm"
        />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{t("app.close")}</Button>
          <Button look="primary" icon={copied ? <Check size={18} /> : <Copy size={18} />} onClick={() => void copy()}>
            {copied ? t("app.copied") : t("app.copy")}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
