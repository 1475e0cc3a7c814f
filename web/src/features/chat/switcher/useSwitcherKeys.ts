/** The keys that work everywhere on the page. */
import { useEffect, useEffectEvent } from "react";

export interface Keys {
  /** Ctrl-K, or Command-K. */
  switcher(): void;
  /** Alt and an arrow: the next chat of the list, or the one before. */
  step(by: 1 | -1): void;
  /** `?`, where it is not written. */
  help(): void;
  /** Ctrl-Shift-F: look in the open chat. */
  search(): void;
}

function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(?:input|textarea|select)$/iu.test(target.tagName));
}

/** A dialog that is open has the keyboard for itself: a call, a question. */
const inDialog = (): boolean => document.querySelector("dialog[open]") !== null;

export function useSwitcherKeys(keys: Keys): void {
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    const command = event.ctrlKey || event.metaKey;
    // By place on the keyboard: in the Russian layout the letter is another.
    const action =
      command && !event.altKey && !event.shiftKey && event.code === "KeyK"
        ? keys.switcher
        : command && event.shiftKey && event.code === "KeyF"
          ? keys.search
          : event.altKey && !command && event.key === "ArrowDown"
            ? () => keys.step(1)
            : event.altKey && !command && event.key === "ArrowUp"
              ? () => keys.step(-1)
              : event.key === "?" && !command && !isWriting(event.target)
                ? keys.help
                : null;
    if (action === null || event.defaultPrevented || inDialog()) return;
    event.preventDefault();
    action();
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent): void => onKey(event);
    addEventListener("keydown", listener);
    return () => removeEventListener("keydown", listener);
  }, []);
}
