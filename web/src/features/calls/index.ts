/** What other features and the app may use of this one. */
export { CallButtons, useCanCall } from "./CallButtons";
export { CheckButton } from "./CheckButton";
export { CallPageProvider, useCallPage } from "./callPage";
export { CallScreens } from "./CallScreens";
export { CallProvider, useCalls, useInCall } from "./context";
export { CallLog } from "./log/CallLog";
export { RecordingStrip } from "./recording/RecordingStrip";
export { useMissedCalls } from "./log/useMissedCalls";
export { isMissed, useCallWords } from "./callWords";
export { MediaError, mediaError, type MediaErrorCode } from "./media";
