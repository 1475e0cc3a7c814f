/** The admin's page, loaded when an admin opens it. */
import { startAdminWords } from "../../../i18n/adminWords";

export { AdminPage as default } from "./AdminPage";

startAdminWords();
