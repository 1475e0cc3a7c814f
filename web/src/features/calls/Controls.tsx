/** The bar under a call, within reach of the thumb. What does not fit is in its menu. */
import clsx from "clsx";
import { Ellipsis, PhoneOff } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useIsPhone } from "../../lib/useMedia";
import type { Point } from "../../lib/useMenuGesture";
import { Menu } from "../../ui/Menu";
import { RoundButton } from "./pieces";
import type { Action, ActionName, Actions } from "./useActions";

const IN_BAR: readonly ActionName[] = ["microphone", "camera", "screen", "record", "devices", "chat"];
const IN_BAR_OF_PHONE: readonly ActionName[] = ["microphone", "camera", "chat"];
const ALL: readonly ActionName[] = [...IN_BAR, "hold", "picture", "fullScreen", "details"];

export interface ControlsProps {
  actions: Actions;
  hidden: boolean;
  onHangUp(): void;
}

export function Controls({ actions, hidden, onHangUp }: ControlsProps) {
  const { t } = useTranslation();
  const bar = useIsPhone() ? IN_BAR_OF_PHONE : IN_BAR;
  const rest = ALL.filter((name) => !bar.includes(name));
  return (
    <div
      role="toolbar"
      aria-label={t("chat.call")}
      className={clsx(
        "absolute inset-x-0 bottom-0 z-20 flex justify-center bg-linear-to-t from-black/70 to-transparent px-2 pt-10 pb-[max(24px,env(safe-area-inset-bottom))] transition",
        hidden && "translate-y-4 opacity-0",
      )}
    >
      {bar.map((name) => {
        const action = actions[name];
        return action && <ActionButton key={name} action={action} />;
      })}
      <MoreButton actions={rest.flatMap((name) => actions[name] ?? [])} />
      <RoundButton label={t("call.hangUp")} look="end" icon={<PhoneOff />} onClick={onHangUp} />
    </div>
  );
}

function ActionButton({ action: { label, icon, letter, off, badge, run } }: { action: Action }) {
  const { t } = useTranslation();
  return (
    <RoundButton
      label={label}
      title={letter === undefined ? label : t("call.shortcut", { what: label, key: letter })}
      shortcut={letter}
      look={off === true ? "off" : "on"}
      icon={icon}
      badge={badge}
      onClick={run}
    />
  );
}

/** A menu row is 44 px, its edge 8. */
const menuHeight = (rows: number): number => rows * 44 + 24;

function MoreButton({ actions }: { actions: readonly Action[] }) {
  const { t } = useTranslation();
  const [at, setAt] = useState<Point | null>(null);
  return (
    <>
      <RoundButton
        label={t("call.more")}
        look="on"
        icon={<Ellipsis />}
        expanded={at !== null}
        onClick={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          setAt({ x: box.left - 92, y: box.top - menuHeight(actions.length) });
        }}
      />
      {at !== null && (
        <Menu
          label={t("call.more")}
          at={at}
          dark
          items={actions.map(({ label, icon, letter, run }) => ({ label, icon, hint: letter, onChoose: run }))}
          onClose={() => setAt(null)}
        />
      )}
    </>
  );
}
