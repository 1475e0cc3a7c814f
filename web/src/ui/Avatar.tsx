/** A person's picture: initials on their own gradient, with a dot for presence. Decorative: the name stands beside it. */
import clsx from "clsx";
import { gradientOf, initials } from "../lib/avatar";

const SIZES = { sm: "size-8 text-xs", md: "size-10 text-sm", lg: "size-12 text-base", xl: "size-28 text-4xl" } as const;

export interface AvatarProps {
  id: string;
  name: string;
  size?: keyof typeof SIZES;
  presence?: "online" | "away" | "offline";
  className?: string;
}

export function Avatar({ id, name, size = "lg", presence, className }: AvatarProps) {
  return (
    <span aria-hidden="true" className={clsx("relative inline-block shrink-0", className)}>
      <span
        className={clsx("grid place-items-center rounded-full font-semibold text-white select-none", SIZES[size])}
        style={{ backgroundImage: gradientOf(id) }}
      >
        {initials(name)}
      </span>
      {(presence === "online" || presence === "away") && (
        <span
          className={clsx(
            // Told apart by shape as well as by colour: a disc and a ring.
            "absolute right-0 bottom-0 size-3 rounded-full ring-2 ring-page",
            presence === "online" ? "bg-online" : "border-[3px] border-away bg-page",
          )}
        />
      )}
    </span>
  );
}
