/** The page's few addresses. The server answers each with the same document. */
import { useSyncExternalStore } from "react";

export type Route =
  | { name: "home" }
  /** With `seq`: at that message. */
  | { name: "chat"; conversationId: string; seq?: number }
  | { name: "invitation" }
  | { name: "profile" }
  /** The check of one's connection. */
  | { name: "check" }
  /** What officers see: one of the lists, or one recording; of the conversations one, perhaps at a message. */
  | { name: "recordings"; list?: RecordingList; id?: string; seq?: number }
  | { name: "admin"; section?: AdminSection };

export const ADMIN_SECTIONS = ["users", "calls", "recording", "network", "files", "mail", "audit"] as const;
export type AdminSection = (typeof ADMIN_SECTIONS)[number];

/** Beside the recordings themselves. */
export const RECORDING_LISTS = ["conversations", "failures", "exports", "policy"] as const;
export type RecordingList = (typeof RECORDING_LISTS)[number];

const place = (seq: string | undefined): { seq?: number } => (/^[1-9]\d*$/u.test(seq ?? "") ? { seq: Number(seq) } : {});

export function parse(path: string): Route {
  const [first, second, third, fourth] = path.split("/").filter(Boolean);
  if (first === "chat" && second !== undefined) {
    return { name: "chat", conversationId: second, ...place(third) };
  }
  if (first === "invitation") return { name: "invitation" };
  if (first === "profile" || first === "check") return { name: first };
  if (first === "recordings") {
    const list = RECORDING_LISTS.find((known) => known === second);
    if (list === "conversations" && third !== undefined) return { name: "recordings", list, id: third, ...place(fourth) };
    if (list !== undefined) return { name: "recordings", list };
    return second === undefined ? { name: "recordings" } : { name: "recordings", id: second };
  }
  if (first === "admin") {
    const section = ADMIN_SECTIONS.find((known) => known === second);
    return section === undefined ? { name: "admin" } : { name: "admin", section };
  }
  return { name: "home" };
}

export function pathOf(route: Route): string {
  switch (route.name) {
    case "home":
      return "/";
    case "chat":
      return `/chat/${route.conversationId}${route.seq === undefined ? "" : `/${route.seq}`}`;
    case "recordings": {
      const inside = [route.list, route.id, route.seq].filter((part) => part !== undefined);
      return ["/recordings", ...inside].join("/");
    }
    case "admin":
      return route.section === undefined ? "/admin" : `/admin/${route.section}`;
    default:
      return `/${route.name}`;
  }
}

const listeners = new Set<() => void>();

function subscribe(changed: () => void): () => void {
  listeners.add(changed);
  addEventListener("popstate", changed);
  return () => {
    listeners.delete(changed);
    removeEventListener("popstate", changed);
  };
}

export function navigate(route: Route, how: "push" | "replace" = "push"): void {
  const path = pathOf(route);
  if (path === location.pathname && location.hash === "") return;
  if (how === "push") history.pushState(null, "", path);
  else history.replaceState(null, "", path);
  for (const listener of [...listeners]) listener();
}

export function useRoute(): Route {
  return parse(useSyncExternalStore(subscribe, () => location.pathname));
}
