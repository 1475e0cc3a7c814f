/** What other features and the app may use of this one. */
export { Attachments, type AttachmentsProps } from "./Attachments";
export { FilesProvider, usePlayback, useTray, useUploads } from "./context";
export { attachmentUrl, MOST_PER_MESSAGE, thumbnailUrl, type Upload } from "./model";
export { UploadingAttachments, type UploadingAttachmentsProps } from "./UploadingAttachments";
export type { Uploads } from "./uploads";
