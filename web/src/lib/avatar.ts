/** Initials and a gradient for those without a picture; the same person looks the same everywhere. */

/** First letters of the first and the last word. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const first = words[0] ?? "?";
  const last = words.length > 1 ? (words.at(-1) ?? "") : "";
  return ([...first][0] ?? "?").toLocaleUpperCase() + ([...last][0] ?? "").toLocaleUpperCase();
}

/** Number of `--avatar-N` gradients, and of `--name-N` colours, in theme.css. */
const GRADIENTS = 8;

function shadeOf(id: string): number {
  let hash = 0;
  for (const char of id) hash = (hash * 31 + char.charCodeAt(0)) >>> 0;
  return hash % GRADIENTS;
}

export const gradientOf = (id: string): string => `var(--avatar-${shadeOf(id)})`;

/** For the name in a group: of the same hue as the avatar, readable on a bubble. */
export const nameColorOf = (id: string): string => `var(--name-${shadeOf(id)})`;

export const pictureUrl = (pictureId: string): string => `/api/pictures/${pictureId}`;
