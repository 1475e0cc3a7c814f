/** The mail settings, loaded when an admin opens them. */
export { MailCard as default } from "./MailCard";
