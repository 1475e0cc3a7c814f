/** An icon for a file, by what its name and type promise. */
import { createElement, type ReactElement } from "react";
import { File, FileArchive, FileAudio, FileCode, FileImage, FileSpreadsheet, FileText, FileVideo, Presentation, type LucideIcon } from "lucide-react";

const BY_ENDING: [RegExp, LucideIcon][] = [
  [/\.(zip|rar|7z|gz|tgz|bz2|xz|tar|zst)$/iu, FileArchive],
  [/\.(xlsx?|xlsm|ods|csv|tsv|numbers)$/iu, FileSpreadsheet],
  [/\.(pptx?|odp|key)$/iu, Presentation],
  [/\.(pdf|docx?|odt|rtf|txt|md|pages|log)$/iu, FileText],
  [/\.(html?|xml|json|js|ts|css|py|rs|sql|sh|yml|yaml)$/iu, FileCode],
  [/\.(jpe?g|png|gif|webp|avif|heic|svg|tiff?|bmp|psd)$/iu, FileImage],
  [/\.(mp4|mov|avi|mkv|webm|wmv)$/iu, FileVideo],
  [/\.(mp3|ogg|wav|flac|m4a|opus|aac)$/iu, FileAudio],
];

/** Made here and not by the caller, so that nobody makes a component while drawing. */
export function fileIcon(name: string, type: string, className = ""): ReactElement {
  return createElement(iconOf(name, type), { size: 22, "aria-hidden": true, className });
}

function iconOf(name: string, type: string): LucideIcon {
  const found = BY_ENDING.find(([ending]) => ending.test(name))?.[1];
  if (found !== undefined) return found;
  if (type.startsWith("image/")) return FileImage;
  if (type.startsWith("video/")) return FileVideo;
  if (type.startsWith("audio/")) return FileAudio;
  return type.startsWith("text/") ? FileText : File;
}
