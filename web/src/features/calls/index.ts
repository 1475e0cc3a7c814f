/** What other features and the app may use of this one. */
export { CallButtons, useCanCall } from "./CallButtons";
export { CallScreens } from "./CallScreens";
export { CallProvider, useCalls, useInCall } from "./context";
export { MediaError, mediaError, type MediaErrorCode } from "./media";
