/** Looks at a picked file in the browser: how large it is on the screen, how long it lasts. Hints: the server decides what it is. */
import type { Looks } from "./model";

/** Kinds of pictures that the server shows in place. */
const IMAGES = new Set(["image/jpeg", "image/png", "image/gif", "image/webp", "image/avif"]);
const PATIENCE_MS = 3_000;
const FILE: Looks = { kind: "file", width: null, height: null, durationMs: null };

export async function lookAt(type: string, preview: string): Promise<Looks> {
  if (IMAGES.has(type)) return within(image(preview));
  if (type.startsWith("video/")) return within(media("video", preview));
  if (type.startsWith("audio/")) return within(media("audio", preview));
  return FILE;
}

/** What can be shown before anything was looked at. */
export function guess(type: string): Looks {
  const kind = IMAGES.has(type) ? "image" : type.startsWith("video/") ? "video" : type.startsWith("audio/") ? "audio" : "file";
  return { ...FILE, kind };
}

/** Whatever the browser cannot show is a file. */
async function within(looks: Promise<Looks>): Promise<Looks> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<Looks>((resolve) => {
    timer = setTimeout(() => resolve(FILE), PATIENCE_MS);
  });
  try {
    return await Promise.race([looks, late]);
  } catch {
    return FILE;
  } finally {
    clearTimeout(timer);
  }
}

async function image(url: string): Promise<Looks> {
  const element = new Image();
  const loaded = once(element, "load");
  element.src = url;
  await loaded;
  return { ...FILE, kind: "image", width: element.naturalWidth || null, height: element.naturalHeight || null };
}

async function media(kind: "video" | "audio", url: string): Promise<Looks> {
  const element = document.createElement(kind);
  try {
    element.preload = "metadata";
    const loaded = once(element, "loadedmetadata");
    element.src = url;
    await loaded;
    await knowDuration(element);
    const { duration } = element;
    const durationMs = Number.isFinite(duration) ? Math.round(duration * 1000) : null;
    const [width, height] = element instanceof HTMLVideoElement ? [element.videoWidth || null, element.videoHeight || null] : [null, null];
    return { kind, width, height, durationMs };
  } finally {
    // Lets go of the bytes and of the decoder.
    element.removeAttribute("src");
    element.load();
  }
}

/** What a browser recorded does not say how long it is until one has been at its end. */
async function knowDuration(element: HTMLMediaElement): Promise<void> {
  if (element.duration !== Infinity) return;
  const known = once(element, "durationchange");
  element.currentTime = Number.MAX_SAFE_INTEGER;
  await known;
}

function once(element: HTMLElement, event: string): Promise<void> {
  return new Promise((resolve, reject) => {
    element.addEventListener(event, () => resolve(), { once: true });
    element.addEventListener("error", () => reject(new Error("not shown")), { once: true });
  });
}
