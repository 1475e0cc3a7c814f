/** Whether the drawer beside the open chat is there, and what it shows; closed when another chat is opened. */
import { useState } from "react";
import type { DetailsView } from "../features/chat";

export interface DetailsDoor {
  view: DetailsView | null;
  show(view: DetailsView | null): void;
}

export function useDetails(openId: string | null): DetailsDoor {
  const [shown, setShown] = useState<{ of: string | null; view: DetailsView | null }>({ of: null, view: null });
  return {
    view: shown.of === openId ? shown.view : null,
    show: (view) => setShown({ of: openId, view }),
  };
}
