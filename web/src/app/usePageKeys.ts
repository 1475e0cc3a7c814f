/** What the keys of the whole page do. */
import { neighbour, useConversations, useSwitcherKeys } from "../features/chat";
import { openChat } from "./open";

export interface PageKeys {
  over(what: "switcher" | "help"): void;
  /** Looks in the open chat. */
  search(): void;
}

export function usePageKeys(openId: string | null, { over, search }: PageKeys): void {
  const { data } = useConversations();
  useSwitcherKeys({
    switcher: () => over("switcher"),
    help: () => over("help"),
    search: () => {
      if (openId !== null) search();
    },
    step: (by) => {
      const shown = (data ?? []).filter(({ id, kind, last_message }) => kind === "group" || last_message != null || id === openId);
      const to = neighbour(shown.map(({ id }) => id), openId, by);
      if (to !== null) openChat(to);
    },
  });
}
