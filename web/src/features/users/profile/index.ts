/** The page of one's own profile, loaded when it is opened. */
export { ProfilePage as default } from "./ProfilePage";
