/** What other features and the app may use of this one. */
export { AttachButton } from "./AttachButton";
export { Attachments, type AttachmentsProps } from "./Attachments";
export { FilesProvider, useTray, useUploadKinds, useUploads } from "./context";
export { DropZone } from "./DropZone";
export { MicrophoneButton } from "./MicrophoneButton";
export { MOST_PER_MESSAGE, thumbnailUrl, type Upload } from "./model";
export { QuietInCalls } from "./QuietInCalls";
export { RecordingBar } from "./RecordingBar";
export { Tray } from "./Tray";
export { UploadingAttachments, type UploadingAttachmentsProps } from "./UploadingAttachments";
export type { Uploads } from "./uploads";
export { useRecording } from "./useRecording";
