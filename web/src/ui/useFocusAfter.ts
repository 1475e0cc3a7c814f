/** Keeps the focus in a list whose rows move and go, so that the same key can be pressed again. */
import { useLayoutEffect, useRef } from "react";

export type Doing = "up" | "down" | "edit";

/** Rows say who they are with `data-rule`, their buttons what they do with `data-doing`. */
export function useFocusAfter() {
  const list = useRef<HTMLOListElement>(null);
  const wanted = useRef<{ key: number | undefined; doing: Doing } | null>(null);
  useLayoutEffect(() => {
    const want = wanted.current;
    if (want === null) return;
    wanted.current = null;
    const row = list.current?.querySelector(`[data-rule="${want.key}"]`);
    const button = row?.querySelector<HTMLElement>(`[data-doing="${want.doing}"]:not(:disabled)`);
    (button ?? row?.querySelector<HTMLElement>("[data-doing]:not(:disabled)") ?? list.current)?.focus();
  });
  return { list, focusNext: (key: number | undefined, doing: Doing) => void (wanted.current = { key, doing }) };
}
