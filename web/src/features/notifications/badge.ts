/** The number of unread messages where the page's tab and icon are. */

const SIZE = 64;

/** Draws the page's icon with a dot for the number; null where nothing can be drawn. */
function drawIcon(icon: CanvasImageSource, count: number): string | null {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE;
  const context = canvas.getContext("2d");
  if (context === null) return null;
  context.drawImage(icon, 0, 0, SIZE, SIZE);
  const radius = SIZE * 0.32;
  context.fillStyle = "#d11a2f";
  context.beginPath();
  context.arc(SIZE - radius, radius, radius, 0, 2 * Math.PI);
  context.fill();
  context.fillStyle = "#ffffff";
  context.font = `bold ${String(SIZE * (count > 9 ? 0.38 : 0.48))}px sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(count > 99 ? "99" : String(count), SIZE - radius, radius * 1.08);
  return canvas.toDataURL("image/png");
}

function setIcon(href: string, type: string): void {
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  if (link === null) return;
  link.type = type;
  link.href = href;
}

let wanted = 0;

/** On the tab's icon, and on that of an installed page. */
export function showBadge(count: number): void {
  wanted = count;
  if ("setAppBadge" in navigator) {
    void (count > 0 ? navigator.setAppBadge(count) : navigator.clearAppBadge()).catch(() => undefined);
  }
  if (count === 0) return setIcon("/icon.svg", "image/svg+xml");
  const icon = new Image();
  icon.onload = () => {
    if (wanted !== count) return;
    const drawn = drawIcon(icon, count);
    if (drawn !== null) setIcon(drawn, "image/png");
  };
  icon.src = "/icon.svg";
}

export const titleOf = (name: string, count: number): string => (count === 0 ? name : `(${count > 99 ? "99+" : String(count)}) ${name}`);
