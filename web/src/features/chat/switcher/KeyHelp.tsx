/** The keys one can use, in a list. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Sheet } from "../../../ui/Sheet";

/** Where Command stands for Control. */
const isMac = (): boolean => /mac|iphone|ipad/iu.test(navigator.userAgent);

export function KeyHelp({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const command = isMac() ? "⌘" : "Ctrl";
  const alt = isMac() ? "⌥" : "Alt";
  return (
    <Sheet title={t("switcher.help")} onClose={onClose} short>
      <dl className="m-0 grid min-h-0 grid-cols-[1fr_auto] items-center gap-x-4 gap-y-3 overflow-y-auto px-4 pb-6">
        <Line what={t("switcher.title")} keys={[command, "K"]} />
        <Line what={t("switcher.next")} keys={[alt, "↓"]} />
        <Line what={t("switcher.previous")} keys={[alt, "↑"]} />
        <Line what={t("search.inChat")} keys={[command, "Shift", "F"]} />
        <Line what={t("switcher.menu")} keys={["Shift", "F10"]} />
        <Line what={t("chat.send")} keys={["Enter"]} />
        <Line what={t("switcher.breakLine")} keys={["Shift", "Enter"]} />
        <Line what={t("switcher.close")} keys={["Esc"]} />
        <Line what={t("switcher.help")} keys={["?"]} />
        <h3 className="col-span-2 mt-2 border-t border-line pt-4 text-base font-semibold">{t("call.keysTitle")}</h3>
        <Line what={t("call.keyMicrophone")} keys={["M"]} />
        <Line what={t("call.keyCamera")} keys={["V"]} />
        <Line what={t("call.keyScreen")} keys={["S"]} />
        <Line what={t("call.keyHold")} keys={["H"]} />
        <Line what={t("call.keyChat")} keys={["C"]} />
        <Line what={t("call.keyFullScreen")} keys={["F"]} />
      </dl>
    </Sheet>
  );
}

function Line({ what, keys }: { what: string; keys: readonly string[] }): ReactNode {
  return (
    <>
      <dt>{what}</dt>
      <dd className="m-0 flex gap-1">
        {keys.map((key) => (
          <kbd key={key} className="min-w-7 rounded-md border border-line bg-panel px-1.5 py-0.5 text-center font-sans text-sm shadow-soft">
            {key}
          </kbd>
        ))}
      </dd>
    </>
  );
}
