/** The letters that do something in a call. By place on the keyboard: in the Russian layout the letter is another. */
import { useEffect, useEffectEvent } from "react";
import type { Actions } from "./useActions";

const isWriting = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(?:input|textarea|select)$/iu.test(target.tagName));

/** A dialog or a menu that is open has the keyboard for itself. */
const isTaken = (): boolean => document.querySelector("dialog[open], [role=menu]") !== null;

export function useCallKeys(actions: Actions, enabled: boolean): void {
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (!enabled || event.defaultPrevented || event.repeat) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || isWriting(event.target) || isTaken()) return;
    const action = Object.values(actions).find(({ letter }) => letter !== undefined && event.code === `Key${letter}`);
    if (action === undefined) return;
    event.preventDefault();
    action.run();
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent): void => onKey(event);
    addEventListener("keydown", listener);
    return () => removeEventListener("keydown", listener);
  }, []);
}
