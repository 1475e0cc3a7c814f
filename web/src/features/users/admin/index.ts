/** The admin's page, loaded when an admin opens it. */
export { AdminPage as default } from "./AdminPage";
