/** The picture of a person or a group, else initials on their own gradient; with a dot for presence. Decorative: the name stands beside it. */
import clsx from "clsx";
import { useState } from "react";
import { gradientOf, initials, pictureUrl } from "../lib/avatar";

const SIZES = { sm: "size-8 text-xs", md: "size-10 text-sm", lg: "size-12 text-base", xl: "size-28 text-4xl" } as const;

export interface AvatarProps {
  id: string;
  name: string;
  /** Id of the picture. */
  picture?: string | null;
  size?: keyof typeof SIZES;
  presence?: "online" | "away" | "offline";
  className?: string;
}

export function Avatar({ id, name, picture, size = "lg", presence, className }: AvatarProps) {
  const [broken, setBroken] = useState<string | null>(null);
  return (
    <span aria-hidden="true" className={clsx("relative inline-block shrink-0", className)}>
      <span
        className={clsx("grid place-items-center overflow-hidden rounded-full font-semibold text-white select-none", SIZES[size])}
        style={{ backgroundImage: gradientOf(id) }}
      >
        {picture == null || picture === broken ? (
          initials(name)
        ) : (
          <img
            src={pictureUrl(picture)}
            alt=""
            draggable={false}
            onError={() => setBroken(picture)}
            className="col-start-1 row-start-1 size-full rounded-full object-cover"
          />
        )}
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
