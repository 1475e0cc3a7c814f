/** What other features and the app may use of this one. */
export { Invitation } from "./Invitation";
export { PeopleList } from "./PeopleList";
export { RoleBadge, usePresenceWords } from "./PersonLine";
export { seenOf, usePresence, usePresences, useUser, useUsers, useUsersFeed, type Seen } from "./people";
export { SESSION_KEY, useMe, useSession, useSignOut } from "./session";
export { SignIn } from "./SignIn";
