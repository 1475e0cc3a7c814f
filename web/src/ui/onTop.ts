/** What must stay in sight whatever opens over the page. Dialogs and menus draw it as their first line; the app says what it is. */
import { createContext, useContext, type ReactNode } from "react";

const OnTopContext = createContext<ReactNode>(null);

export const OnTop = OnTopContext.Provider;
export const useOnTop = (): ReactNode => useContext(OnTopContext);
