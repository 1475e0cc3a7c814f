/** What admins decide about recordings, loaded when an admin opens it. They do not hear them. */
import { startAdminWords } from "../../../i18n/adminWords";

export { PolicySection as default } from "../policy/PolicySection";

startAdminWords();
