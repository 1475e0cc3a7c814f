/**
 * The emoji picker: over the chat on a large screen, above the input on a phone. The picker is fetched when it is first opened.
 * Closes on Escape and on a press elsewhere.
 */
import clsx from "clsx";
import { useCallback, useEffect, useRef, useState, type ComponentType, type RefObject } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../../ui/Button";
import { Skeleton } from "../../ui/states";
import type { EmojiPickerProps } from "./EmojiPicker";

export interface EmojiPanelProps {
  /** Opens and closes the panel by itself. */
  toggle: RefObject<HTMLElement | null>;
  onPick(emoji: string): void;
  onClose(refocus: boolean): void;
}

export function EmojiPanel({ toggle, onPick, onClose }: EmojiPanelProps) {
  const { t } = useTranslation();
  const panel = useRef<HTMLDivElement>(null);
  const { Picker, failed, load } = usePicker();
  useClosing(panel, toggle, onClose);
  return (
    <div
      ref={panel}
      role="dialog"
      aria-label={t("compose.emoji")}
      className={clsx(
        "z-30 animate-rise overflow-hidden",
        "max-md:-mx-2 max-md:h-[min(320px,42dvh)] max-md:border-b max-md:border-line",
        "md:absolute md:right-4 md:bottom-full md:mb-2 md:h-[min(400px,60dvh)] md:w-[352px] md:rounded-2xl md:border md:border-line md:bg-raised md:shadow-big",
      )}
    >
      {failed ? (
        <div role="alert" className="flex h-full flex-col items-center justify-center gap-3 p-4 text-center text-muted">
          {t("compose.emojiFailed")}
          <Button onClick={load}>{t("app.retry")}</Button>
        </div>
      ) : Picker === null ? (
        <EmojiSkeleton />
      ) : (
        <Picker onPick={onPick} />
      )}
    </div>
  );
}

/** A chunk of its own. Not `lazy`: what it could not fetch once it would never fetch again. */
function usePicker() {
  const [Picker, setPicker] = useState<ComponentType<EmojiPickerProps> | null>(null);
  const [failed, setFailed] = useState(false);
  const fetchPicker = useCallback(
    () => import("./EmojiPicker").then((module) => setPicker(() => module.EmojiPicker), () => setFailed(true)),
    [],
  );
  useEffect(() => void fetchPicker(), [fetchPicker]);
  const load = useCallback(() => {
    setFailed(false);
    void fetchPicker();
  }, [fetchPicker]);
  return { Picker, failed, load };
}

function useClosing(panel: RefObject<HTMLElement | null>, toggle: RefObject<HTMLElement | null>, onClose: (refocus: boolean) => void): void {
  const close = useRef(onClose);
  useEffect(() => {
    close.current = onClose;
  });
  useEffect(() => {
    const outside = ({ target }: Event): void => {
      const own = [panel, toggle].some(({ current }) => target instanceof Node && current?.contains(target) === true);
      if (!own) close.current(false);
    };
    // Before the picker hears of it, which listens on the window too and would only clear its search.
    const escape = (event: KeyboardEvent): void => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopImmediatePropagation();
      close.current(true);
    };
    document.addEventListener("pointerdown", outside);
    window.addEventListener("keydown", escape, true);
    return () => {
      document.removeEventListener("pointerdown", outside);
      window.removeEventListener("keydown", escape, true);
    };
  }, [panel, toggle]);
}

function EmojiSkeleton() {
  const { t } = useTranslation();
  return (
    <div role="status" aria-label={t("app.loading")} className="flex h-full flex-col gap-3 p-3">
      <Skeleton className="h-10 w-full rounded-xl" />
      <Skeleton className="h-6 w-full" />
      <Skeleton className="w-full flex-1 rounded-xl" />
    </div>
  );
}
