/** What the app may use of this feature. */
export { AllowButton } from "./AllowButton";
export { Notices } from "./Notices";
export { NoticeSettings } from "./NoticeSettings";
