/** A message in its place: the sender's picture beside the last of a group, the menu on hover, focus, right click, long press. */
import clsx from "clsx";
import { EllipsisVertical } from "lucide-react";
import { memo, useCallback, useState, type FocusEvent, type KeyboardEvent, type MouseEvent } from "react";
import { useTranslation } from "react-i18next";
import { clock } from "../../lib/time";
import { useMenuGesture, type Point } from "../../lib/useMenuGesture";
import { Avatar } from "../../ui/Avatar";
import { Bubble, DeletedBubble, Failure } from "./Bubble";
import { usePeople } from "./face";
import { useTimeline } from "./TimelineContext";
import type { DeletedEntry, TextEntry } from "./timeline";

type Said = TextEntry | DeletedEntry;

export interface RowProps {
  entry: Said;
  /** One has jumped here. */
  marked: boolean;
}

/** The timeline is made anew with each message; the rows that were there stay as they are. */
function looksTheSame(a: RowProps, b: RowProps): boolean {
  if (a.marked !== b.marked || a.entry.kind !== b.entry.kind) return false;
  const [one, other] = [a.entry, b.entry] as [Record<keyof Said, unknown>, Record<keyof Said, unknown>];
  // Each a new but empty list, mostly.
  return (Object.keys(one) as (keyof Said)[]).every((key) => one[key] === other[key] || (Array.isArray(one[key]) && one[key].length === 0));
}

/** Selected text and links keep the browser's own menu. */
function wantsBrowserMenu(event: MouseEvent): boolean {
  const byKey = event.clientX === 0 && event.clientY === 0;
  if (byKey || matchMedia("(pointer: coarse)").matches) return false;
  return getSelection()?.isCollapsed === false || (event.target instanceof Element && event.target.closest("a, img, video") !== null);
}

/** Where the keyboard is, within the row or on it. */
function useFocusWithin() {
  const [focused, setFocused] = useState(false);
  const handlers = {
    onFocus: () => setFocused(true),
    onBlur: ({ currentTarget, relatedTarget }: FocusEvent<HTMLElement>) =>
      setFocused(relatedTarget instanceof Node && currentTarget.contains(relatedTarget)),
  };
  return [focused, handlers] as const;
}

export const Row = memo(function Row({ entry, marked }: RowProps) {
  const { i18n, t } = useTranslation();
  const sender = usePeople().get(entry.senderId);
  const { menu, key } = useTimeline();
  const [focused, focusHandlers] = useFocusWithin();
  const open = useCallback((at: Point) => void (entry.kind === "text" && menu(entry, at)), [menu, entry]);
  const { onContextMenu, ...gesture } = useMenuGesture(open);
  const { own, kind } = entry;
  const said = { name: sender?.name ?? "…", text: kind === "text" ? entry.text : t("preview.deleted") };
  const words = own ? t("chat.you", said) : t("chat.said", said);

  function onKeyDown(event: KeyboardEvent<HTMLElement>): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== event.currentTarget || entry.kind !== "text") return;
    if (event.key === "Enter") open(below(event.currentTarget.querySelector("[data-bubble]") ?? event.currentTarget));
    else if (!key(entry, event.code)) return;
    event.preventDefault();
  }

  return (
    <div
      data-key={entry.key}
      data-message={entry.kind}
      data-seq={entry.seq}
      role="article"
      aria-label={`${words}, ${clock(i18n.language, entry.at)}`}
      tabIndex={-1}
      {...gesture}
      {...focusHandlers}
      onContextMenu={(event) => {
        if (!wantsBrowserMenu(event)) onContextMenu(event);
      }}
      onKeyDown={onKeyDown}
      className={clsx(
        "group/row relative -mx-3 flex items-end gap-2 px-3 outline-offset-[-2px] transition-colors [-webkit-touch-callout:none] md:-mx-6 md:px-6",
        entry.first ? "pt-2.5" : "pt-0.5",
        marked && "bg-accent-soft",
      )}
    >
      {!own && (
        <span className="w-8 shrink-0">
          {entry.last && <Avatar id={entry.senderId} name={said.name} picture={sender?.picture} size="sm" />}
        </span>
      )}
      <div className={clsx("flex min-w-0 flex-1 flex-col", own ? "items-end" : "items-start")}>
        <div className={clsx("flex max-w-[min(65ch,86%)] items-end gap-1", own && "flex-row-reverse")}>
          {kind === "text" ? <Bubble entry={entry} /> : <DeletedBubble entry={entry} />}
          {kind === "text" && <Dots reachable={focused} onOpen={open} />}
        </div>
        {kind === "text" && entry.state === "failed" && <Failure entry={entry} />}
      </div>
    </div>
  );
}, looksTheSame);

function below(element: Element): Point {
  const { left, bottom } = element.getBoundingClientRect();
  return { x: left, y: bottom + 4 };
}

/** Seen where the mouse is, and where the keyboard is. On a touch screen a long press does it. */
function Dots({ reachable, onOpen }: { reachable: boolean; onOpen: (at: Point) => void }) {
  const { t } = useTranslation();
  return (
    <button
      type="button"
      aria-label={t("chat.menu")}
      aria-haspopup="menu"
      title={t("chat.menu")}
      tabIndex={reachable ? 0 : -1}
      onClick={({ currentTarget }) => onOpen(below(currentTarget))}
      className="grid size-8 shrink-0 place-items-center rounded-full text-muted opacity-0 transition-opacity group-focus-within/row:opacity-100 group-hover/row:opacity-100 hover:bg-raised pointer-coarse:hidden"
    >
      <EllipsisVertical size={18} aria-hidden />
    </button>
  );
}
