/** The one moment at which an invitation link can be seen and copied: the server keeps only its hash. */
import { useMutation } from "@tanstack/react-query";
import { Check, Copy, Mail } from "lucide-react";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { codeOf } from "../../../api/http";
import { mailInvitation } from "../../../api/routes";
import { useErrorWords } from "../../../i18n/errorWords";
import { fullDate } from "../../../lib/time";
import { Button } from "../../../ui/Button";
import { Dialog } from "../../../ui/Dialog";

export interface Link {
  userId: string;
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
        <div className="flex flex-wrap justify-end gap-2">
          <MailButton userId={link.userId} onSent={onClose} />
          <Button onClick={onClose}>{t("app.close")}</Button>
          <Button look="primary" icon={copied ? <Check size={18} /> : <Copy size={18} />} onClick={() => void copy()}>
            {copied ? t("app.copied") : t("app.copy")}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

/** A mail has a link of its own: the one shown here is void from then on, so the dialog closes with it. */
function MailButton({ userId, onSent }: { userId: string; onSent: () => void }) {
  const { t } = useTranslation();
  const words = useErrorWords();
  const mail = useMutation({
    mutationFn: mailInvitation,
    onError: (error) => void toast.error(words(codeOf(error))),
    onSuccess: ({ problem, said, address }) => {
      if (problem != null) {
        toast.error(t("admin.linkNotMailed", { said }));
        return;
      }
      toast.success(t("admin.linkMailed", { address }));
      onSent();
    },
  });
  return (
    <Button icon={<Mail size={18} />} busy={mail.isPending} onClick={() => mail.mutate(userId)}>
      {t("admin.linkMail")}
    </Button>
  );
}
