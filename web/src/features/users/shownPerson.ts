/** Whose card is open: anything that shows a person may open it. The app puts it on the screen. */
import { Store } from "../../lib/store";

export const shownPerson = new Store<string | null>(null);

export const showPerson = (userId: string | null): void => shownPerson.set(userId);
