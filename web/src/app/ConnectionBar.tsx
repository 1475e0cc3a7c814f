/** A thin bar while the socket is down. Short breaks are not shown: they would only flicker. */
import clsx from "clsx";
import { CloudOff, RefreshCw } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useApi } from "../api/context";
import { useStore } from "../lib/useStore";

const SHOW_AFTER_MS = 1_500;

export function ConnectionBar() {
  const { t } = useTranslation();
  const { socket } = useApi();
  const { status } = useStore(socket.state);
  const down = status !== "online";
  const [shown, setShown] = useState(false);

  useEffect(() => {
    const timer = setTimeout(() => setShown(down), down ? SHOW_AFTER_MS : 0);
    return () => clearTimeout(timer);
  }, [down]);

  const visible = shown && down;
  return (
    <div role="status" className={clsx("safe-x", visible && "bg-warn-soft text-warn-text")}>
      {visible && (
        <p className="flex items-center justify-center gap-2 px-4 py-1.5 text-center text-sm">
          {status === "offline" ? <CloudOff size={16} aria-hidden className="shrink-0" /> : <RefreshCw size={16} aria-hidden className="shrink-0" />}
          {t(`connection.${status}`)}
        </p>
      )}
    </div>
  );
}
