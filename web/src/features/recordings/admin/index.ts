/** What admins decide about recordings and about what is kept of the chat, loaded when an admin opens it. They hear and read neither. */
import { startAdminWords } from "../../../i18n/adminWords";

export { KeepingAdmin as default } from "../keeping/KeepingAdmin";

startAdminWords();
