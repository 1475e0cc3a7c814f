/** Parts that the call's screens share. */
import clsx from "clsx";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Role } from "../../api/types";
import { Avatar } from "../../ui/Avatar";
import { RoleBadge } from "../users";
import type { CallView } from "./view";

export interface Person {
  id: string;
  name: string;
  picture?: string | null | undefined;
  role: Role;
}

const LOOKS = {
  answer: "bg-[#117a3d] hover:bg-[#0e6633] text-white",
  end: "bg-danger-strong hover:brightness-110 text-white",
  on: "bg-white/15 hover:bg-white/25 text-white",
  off: "bg-white text-[#0f1419] hover:bg-white/90",
} as const;

export interface RoundButtonProps {
  label: string;
  look: keyof typeof LOOKS;
  icon: ReactNode;
  /** Words under the button; without them the label is a tooltip. */
  caption?: string;
  disabled?: boolean;
  /** For switches: whether it is on. */
  pressed?: boolean;
  onClick(): void;
}

export function RoundButton({ label, look, icon, caption, disabled, pressed, onClick }: RoundButtonProps) {
  return (
    <span className="flex w-20 flex-col items-center gap-1.5">
      <button
        type="button"
        aria-label={label}
        aria-pressed={pressed}
        title={label}
        disabled={disabled}
        onClick={onClick}
        className={clsx(
          "grid size-14 place-items-center rounded-full transition outline-offset-4 focus-visible:outline-white disabled:opacity-50",
          LOOKS[look],
        )}
      >
        {icon}
      </button>
      {caption !== undefined && (
        <span aria-hidden="true" className="text-center text-xs leading-4">
          {caption}
        </span>
      )}
    </span>
  );
}

/** Large avatar with a ring in the brand's colours that spreads while it rings. */
export function RingingAvatar({ person }: { person: Person }) {
  return (
    <span className="relative grid place-items-center">
      <span aria-hidden="true" className="absolute size-28 animate-ring rounded-full bg-gradient-brand" />
      <span className="relative rounded-full bg-gradient-brand p-1">
        <Avatar id={person.id} name={person.name} picture={person.picture} size="xl" />
      </span>
    </span>
  );
}

export function PersonTitle({ person, children }: { person: Person; children: ReactNode }) {
  return (
    <div className="flex flex-col items-center gap-1 text-center">
      <h2 className="text-2xl font-semibold wrap-anywhere">{person.name}</h2>
      <RoleBadge role={person.role} always />
      <p role="status" className="mt-1 text-base opacity-80">
        {children}
      </p>
    </div>
  );
}

export function useMediaErrorWords(error: CallView["mediaError"]): string | null {
  const { t } = useTranslation();
  if (error === null) return null;
  if (error.device !== "microphone" && error.code !== "denied" && error.code !== "insecure") return t("call.mediaError.noCamera");
  return error.code === "other"
    ? t("call.mediaError.other", { code: error.detail })
    : t(`call.mediaError.${error.code}`);
}

export function MediaErrorNote({ error }: { error: CallView["mediaError"] }) {
  const words = useMediaErrorWords(error);
  if (words === null) return null;
  return (
    <p role="alert" className="max-w-sm rounded-2xl bg-warn-soft px-4 py-3 text-sm text-warn-text">
      {words}
    </p>
  );
}
