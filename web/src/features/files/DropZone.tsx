/** A chat that takes files: dropped anywhere on it, or pasted while it is open. */
import { Upload } from "lucide-react";
import { useEffect, useRef, useState, type DragEvent, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { usePlayback } from "./context";
import { useAddFiles } from "./useAddFiles";

export interface DropZoneProps {
  conversationId: string;
  /** Nobody can be written to here. */
  closed?: boolean;
  children: ReactNode;
}

export function DropZone({ conversationId, closed = false, children }: DropZoneProps) {
  const { t } = useTranslation();
  const playback = usePlayback();
  const add = useAddFiles(conversationId);
  // Entering a child leaves its parent: the pointer is inside as long as it entered more often than it left.
  const depth = useRef(0);
  const [over, setOver] = useState(false);
  usePastedFiles(closed ? undefined : add);
  useEffect(() => () => playback.stop(), [playback, conversationId]);

  function enter(event: DragEvent, step: 1 | -1): void {
    if (closed || !event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    depth.current += step;
    setOver(depth.current > 0);
  }

  function drop(event: DragEvent): void {
    depth.current = 0;
    setOver(false);
    if (closed || event.defaultPrevented || !event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    const { files, folders } = partsOf(event.dataTransfer);
    if (folders) toast.error(t("files.noFolders"));
    add(files);
  }

  return (
    <div
      onDragEnter={(event) => enter(event, 1)}
      onDragOver={(event) => {
        if (!closed && event.dataTransfer.types.includes("Files")) event.preventDefault();
      }}
      onDragLeave={(event) => enter(event, -1)}
      onDrop={drop}
      className="relative flex min-h-0 min-w-0 flex-1 flex-col"
    >
      {children}
      {over && (
        <div className="pointer-events-none absolute inset-2 z-40 flex flex-col items-center justify-center gap-3 rounded-3xl border-2 border-dashed border-accent bg-page/90 p-6 text-center">
          <span aria-hidden className="grid size-16 place-items-center rounded-full bg-accent-soft text-accent">
            <Upload />
          </span>
          <p className="text-lg font-semibold">{t("files.drop")}</p>
          <p className="text-muted">{t("files.dropDetail")}</p>
        </div>
      )}
    </div>
  );
}

/** A folder comes as a file that cannot be read. */
function partsOf({ items, files }: DataTransfer): { files: File[]; folders: boolean } {
  const isFolder = [...items].filter(({ kind }) => kind === "file").map((item) => item.webkitGetAsEntry()?.isDirectory === true);
  return { files: [...files].filter((_, i) => isFolder[i] !== true), folders: isFolder.includes(true) };
}

function usePastedFiles(add: ((files: readonly File[]) => void) | undefined): void {
  const latest = useRef(add);
  useEffect(() => {
    latest.current = add;
  });
  useEffect(() => {
    const paste = (event: ClipboardEvent): void => {
      const { clipboardData, target } = event;
      if (latest.current === undefined || event.defaultPrevented || clipboardData === null || clipboardData.files.length === 0) return;
      // Office programs put a picture of the text beside the text: the text is meant.
      if (clipboardData.types.includes("text/plain")) return;
      // A dialog over the chat, or the search: not the chat's.
      if (target instanceof Element && target.closest("dialog, input, [role=dialog]") !== null) return;
      event.preventDefault();
      latest.current([...clipboardData.files]);
    };
    document.addEventListener("paste", paste);
    return () => document.removeEventListener("paste", paste);
  }, []);
}
