/** Parts that the call's screens share. */
import clsx from "clsx";
import type { MouseEvent, ReactNode } from "react";
import type { Role } from "../../api/types";
import { Avatar } from "../../ui/Avatar";
import { RoleBadge, useUser } from "../users";

export interface Person {
  id: string;
  name: string;
  picture?: string | null | undefined;
  role: Role;
}

/** Somebody of whom the list of staff may not have come yet. */
export function usePerson(id: string | null): Person {
  const user = useUser(id ?? undefined);
  return { id: id ?? "", name: user?.name ?? "…", picture: user?.picture, role: user?.role ?? "employee" };
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
  /** For one that opens a menu: whether it is open. */
  expanded?: boolean;
  /** The letter that does the same. */
  shortcut?: string | undefined;
  title?: string;
  badge?: { count: number; label: string } | undefined;
  onClick(event: MouseEvent<HTMLButtonElement>): void;
}

export function RoundButton({ label, look, icon, caption, disabled, expanded, shortcut, title, badge, onClick }: RoundButtonProps) {
  return (
    <span className={clsx("flex flex-col items-center gap-1.5", caption === undefined ? "w-16 md:w-18" : "w-24")}>
      <button
        type="button"
        aria-label={badge === undefined ? label : `${label}, ${badge.label}`}
        aria-expanded={expanded}
        aria-haspopup={expanded === undefined ? undefined : "menu"}
        aria-keyshortcuts={shortcut}
        title={title ?? label}
        disabled={disabled}
        onClick={onClick}
        className={clsx(
          "relative grid size-14 place-items-center rounded-full transition outline-offset-4 focus-visible:outline-white disabled:opacity-50",
          LOOKS[look],
        )}
      >
        {icon}
        {badge !== undefined && (
          <span
            aria-hidden="true"
            className="absolute -top-0.5 -right-0.5 grid h-5 min-w-5 place-items-center rounded-full bg-gradient-own px-1 text-xs leading-none font-semibold text-white tabular-nums"
          >
            {badge.count > 99 ? "99+" : badge.count}
          </span>
        )}
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
      <p role="status" className="mt-1 text-base text-balance opacity-80">
        {children}
      </p>
    </div>
  );
}
