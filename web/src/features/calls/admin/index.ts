/** What admins see and decide about calls, loaded when an admin opens it. */
import { startAdminWords } from "../../../i18n/adminWords";

export { CallsAdmin as default } from "./CallsAdmin";

startAdminWords();
