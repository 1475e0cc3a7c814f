/** Space, arrows and the signs for slower and faster, wherever on the page one is that has no use for them itself. */
import { useEffect, useEffectEvent } from "react";
import type { Player } from "../player/player";

const STEP_MS = 5_000;
const WRITES = "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=true]";
/** What a space presses, and what arrows move. */
const PRESSES = "button, a, summary, input, [role=slider], [role=menuitem]";

export function usePlayerKeys(player: Player): void {
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    const target = event.target instanceof Element ? event.target : null;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || target?.closest(WRITES) != null) return;
    if (document.querySelector("dialog[open], [role=menu]") !== null) return;
    const does: Record<string, () => void> = {
      "<": () => player.shift(-1),
      ">": () => player.shift(1),
      ArrowLeft: () => player.step(-STEP_MS),
      ArrowRight: () => player.step(STEP_MS),
    };
    if (target?.closest(PRESSES) == null || target.closest("[role=slider]") !== null) does[" "] = () => player.toggle();
    const act = does[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent): void => onKey(event);
    addEventListener("keydown", listener);
    return () => removeEventListener("keydown", listener);
  }, []);
}
