/** What other features and the app may use of this one. */
export { Invitation } from "./Invitation";
export { LookSettings } from "./LookSettings";
export { PeopleList } from "./PeopleList";
export { RoleBadge, usePresenceWords } from "./PersonLine";
export { PersonCard } from "./PersonCard";
export { seenOf, usePresence, usePresences, useUser, useUsers, useUsersFeed, type Seen } from "./people";
export { SESSION_KEY, useMe, useSession, useSignOut } from "./session";
export { useSettings, useSettingsFeed } from "./settings";
export { showPerson } from "./shownPerson";
export { SignIn } from "./SignIn";
export { useNameOf, useStaffOptions } from "./staff";
