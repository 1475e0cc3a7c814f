/** Tabs with arrow keys, as WAI-ARIA describes them. */
import clsx from "clsx";
import { useRef, type KeyboardEvent } from "react";

export interface TabsProps<T extends string> {
  label: string;
  value: T;
  tabs: readonly { value: T; label: string; badge?: { count: number; label: string } }[];
  /** Id of the panel that the tabs control. */
  panelId: string;
  onChange(value: T): void;
}

export function Tabs<T extends string>({ label, value, tabs, panelId, onChange }: TabsProps<T>) {
  const list = useRef<HTMLDivElement>(null);

  function onKeyDown(event: KeyboardEvent): void {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const at = tabs.findIndex((tab) => tab.value === value);
    const next = (at + step + tabs.length) % tabs.length;
    const tab = tabs[next];
    if (tab === undefined) return;
    onChange(tab.value);
    (list.current?.children[next] as HTMLElement | undefined)?.focus();
  }

  return (
    <div ref={list} role="tablist" aria-label={label} onKeyDown={onKeyDown} className="flex px-2">
      {tabs.map((tab) => (
        <button
          key={tab.value}
          type="button"
          role="tab"
          id={`${panelId}-${tab.value}`}
          aria-selected={tab.value === value}
          aria-controls={panelId}
          tabIndex={tab.value === value ? 0 : -1}
          onClick={() => onChange(tab.value)}
          className={clsx(
            "relative min-h-11 flex-1 rounded-t-lg text-base font-medium outline-offset-[-2px] transition",
            tab.value === value
              ? "text-text after:absolute after:inset-x-4 after:bottom-0 after:h-[3px] after:rounded-full after:bg-gradient-own"
              : "text-muted hover:text-text",
          )}
        >
          {tab.label}
          {tab.badge !== undefined && tab.badge.count > 0 && (
            <span className="ml-1.5 inline-grid h-5 min-w-5 place-items-center rounded-full bg-gradient-own px-1.5 align-[1px] text-xs leading-none font-semibold text-white tabular-nums">
              <span aria-hidden>{tab.badge.count > 99 ? "99+" : tab.badge.count}</span>
              <span className="sr-only">{tab.badge.label}</span>
            </span>
          )}
        </button>
      ))}
    </div>
  );
}
