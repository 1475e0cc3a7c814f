/** One of the four policies, each with what it means. Radio buttons underneath. */
import clsx from "clsx";
import { useId } from "react";
import { useTranslation } from "react-i18next";
import type { Policy } from "../../../../api/types";
import { PATH_ICONS } from "../PathChip";

/** From the laxest to the strictest, as the server compares them. */
const POLICIES: readonly Policy[] = ["direct", "auto", "relayed", "media_node"];

export interface PolicyChoiceProps {
  label: string;
  value: Policy;
  /** Two beside each other where there is room. */
  wide?: boolean;
  onChange(policy: Policy): void;
}

export function PolicyChoice({ label, value, wide = false, onChange }: PolicyChoiceProps) {
  const { t } = useTranslation();
  const name = useId();
  return (
    <div role="radiogroup" aria-label={label} className={clsx("grid gap-2", wide && "md:grid-cols-2 md:gap-3")}>
      {POLICIES.map((policy) => {
        const Icon = PATH_ICONS[policy];
        return (
          <label
            key={policy}
            className={clsx(
              "flex cursor-pointer items-start gap-3 rounded-2xl border-2 p-3 has-focus-visible:outline-2 has-focus-visible:outline-accent",
              value === policy ? "border-accent bg-accent-soft" : "border-line",
            )}
          >
            <input
              type="radio"
              name={name}
              value={policy}
              checked={value === policy}
              aria-describedby={`${name}-${policy}`}
              aria-label={t(`callAdmin.policy.names.${policy}`)}
              onChange={() => onChange(policy)}
              className="mt-0.5 size-4 shrink-0 accent-(--accent)"
            />
            <span className="min-w-0">
              <span className="flex items-start gap-2 font-medium">
                <Icon size={18} aria-hidden className="mt-px shrink-0" />
                {t(`callAdmin.policy.names.${policy}`)}
              </span>
              <span id={`${name}-${policy}`} className="mt-1 block text-sm text-muted">
                {t(`callAdmin.policy.details.${policy}`)}
              </span>
            </span>
          </label>
        );
      })}
    </div>
  );
}
