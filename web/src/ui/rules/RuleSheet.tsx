/** The form of one rule, around the fields that its policy has. It is done only when nothing is wrong with it. */
import { useRef, type FormEvent, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { LONGEST_NAME } from "../../lib/rules";
import { Button } from "../Button";
import { Field } from "../Field";
import { Sheet } from "../Sheet";

export interface RuleSheetProps {
  fresh: boolean;
  name: { value: string; hint: string; error: string | null; onChange(value: string): void; onLeave?(): void };
  valid: boolean;
  /** Somebody tried to be done: the fields may say what is wrong with them. */
  onTry(): void;
  onDone(): void;
  onClose(): void;
  children: ReactNode;
}

export function RuleSheet({ fresh, name, valid, onTry, onDone, onClose, children }: RuleSheetProps) {
  const { t } = useTranslation();
  const form = useRef<HTMLFormElement>(null);

  function submit(event: FormEvent): void {
    event.preventDefault();
    if (valid) return onDone();
    onTry();
    // The fields say what is wrong once they are drawn.
    requestAnimationFrame(() => form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
  }

  return (
    <Sheet short title={t(fresh ? "rules.new" : "rules.one")} onClose={onClose}>
      <form ref={form} noValidate onSubmit={submit} className="flex min-h-0 flex-1 flex-col">
        <div className="flex min-h-0 flex-1 flex-col gap-4 overflow-y-auto p-4 pt-1">
          <Field
            label={t("rules.name")}
            hint={name.hint}
            error={name.error}
            name="rule-name"
            autoFocus
            autoComplete="off"
            maxLength={LONGEST_NAME * 2}
            value={name.value}
            onBlur={(event) => event.target.value !== "" && name.onLeave?.()}
            onChange={(event) => name.onChange(event.target.value)}
          />
          {children}
        </div>
        <div className="flex justify-end gap-2 border-t border-line p-4">
          <Button onClick={onClose}>{t("app.cancel")}</Button>
          <Button look="primary" type="submit">
            {t("rules.done")}
          </Button>
        </div>
      </form>
    </Sheet>
  );
}
