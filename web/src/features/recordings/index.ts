/** The officers' page, loaded when one opens it. */
import { startAdminWords } from "../../i18n/adminWords";

export { RecordingsPage as default } from "./RecordingsPage";

startAdminWords();
