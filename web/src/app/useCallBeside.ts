/** Makes room for what is opened during a call: a chat stands beside it, any other page makes the call small. Under a large call nothing is read. */
import { useEffect, useEffectEvent, useRef } from "react";
import { useCallPage } from "../features/calls";
import { pathOf, type Route } from "../lib/router";
import { covered } from "../lib/useVisible";

export function useCallBeside(route: Route): void {
  const { layout, show } = useCallPage();
  const full = layout === "full";
  useEffect(() => {
    covered.set(full);
    return () => covered.set(false);
  }, [full]);
  const path = pathOf(route);
  const before = useRef(path);
  const opened = useEffectEvent(() => {
    if (layout === "full" || layout === "beside") show(route.name === "chat" ? "beside" : "small");
  });
  useEffect(() => {
    if (before.current === path) return;
    before.current = path;
    opened();
  }, [path]);
}
