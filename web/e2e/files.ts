/** Files for the tests: made here, byte by byte, so that nobody has to trust a picture. */
import { createHash, randomBytes } from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';
import type { Locator, Page } from '@playwright/test';

export interface Picked {
  name: string;
  mimeType: string;
  buffer: Buffer;
}

function chunk(kind: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(kind, 'latin1'), data]);
  const frame = Buffer.alloc(8 + body.length);
  frame.writeUInt32BE(data.length, 0);
  body.copy(frame, 4);
  frame.writeUInt32BE(crc32(body), 4 + body.length);
  return frame;
}

/** A picture of one colour with a lighter diagonal. */
export function png(name: string, width: number, height: number, [r, g, b]: [number, number, number] = [90, 70, 220]): Picked {
  const rows = Buffer.alloc(height * (1 + width * 3));
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const light = Math.abs(x / width - y / height) < 0.08 ? 60 : 0;
      rows.set([Math.min(255, r + light), Math.min(255, g + light), Math.min(255, b + light)], y * (1 + width * 3) + 1 + x * 3);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const buffer = Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
  return { name, mimeType: 'image/png', buffer };
}

/** Two frames, red and blue: it moves. */
export function gif(name: string): Picked {
  const frame = (colour: number): number[] => [
    0x21, 0xf9, 0x04, 0x00, 0x32, 0x00, 0x00, 0x00,
    0x2c, 0, 0, 0, 0, 2, 0, 2, 0, 0x00,
    // Four pixels of one colour: clear, colour four times, end; 3 and 4 bits a code.
    ...lzwOfFour(colour),
  ];
  const bytes = [
    ...Buffer.from('GIF89a', 'latin1'), 2, 0, 2, 0, 0x80, 0, 0, 0xe0, 0x20, 0x40, 0x20, 0x40, 0xe0,
    0x21, 0xff, 0x0b, ...Buffer.from('NETSCAPE2.0', 'latin1'), 3, 1, 0, 0, 0,
    ...frame(0), ...frame(1), 0x3b,
  ];
  return { name, mimeType: 'image/gif', buffer: Buffer.from(bytes) };
}

/** LZW with codes of two colours: a clear before every pixel keeps all codes at 3 bits. */
function lzwOfFour(colour: number): number[] {
  const codes = [4, colour, 4, colour, 4, colour, 4, colour, 5];
  let bits = 0n;
  codes.forEach((code, i) => { bits |= BigInt(code) << BigInt(i * 3); });
  const bytes = Array.from({ length: Math.ceil((codes.length * 3) / 8) }, (_, i) => Number((bits >> BigInt(i * 8)) & 0xffn));
  return [2, bytes.length, ...bytes, 0];
}

/** The smallest AVIF that browsers show. */
export const avif = (name: string): Picked => ({
  name,
  mimeType: 'image/avif',
  buffer: Buffer.from(
    'AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUIAAADybWV0YQAAAAAAAAAoaGRscgAAAAAAAAAAcGljdAAAAAAAAAAAAAAAAGxpYmF2aWYAAAAADnBpdG0AAAAAAAEAAAAeaWxvYwAAAABEAAABAAEAAAABAAABGgAAAB0AAAAoaWluZgAAAAAAAQAAABppbmZlAgAAAAABAABhdjAxQ29sb3IAAAAAamlwcnAAAABLaXBjbwAAABRpc3BlAAAAAAAAAAIAAAACAAAAEHBpeGkAAAAAAwgICAAAAAxhdjFDgQ0MAAAAABNjb2xybmNseAACAAIAAYAAAAAXaXBtYQAAAAAAAAABAAEEAQKDBAAAACVtZGF0EgAKCBgANogQEAwgMg8f8D///8WfhwB8+ErK42A=',
    'base64',
  ),
});

/** Bytes that do not compress. */
export const noise = (name: string, size: number): Picked => ({ name, mimeType: 'application/octet-stream', buffer: randomBytes(size) });

export const text = (name: string, content: string, mimeType = 'text/plain'): Picked => ({ name, mimeType, buffer: Buffer.from(content) });

export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** A picture in a format that only a browser can make here. */
export async function drawn(page: Page, name: string, mimeType: 'image/jpeg' | 'image/webp', width = 320, height = 200): Promise<Picked> {
  const base64 = await page.evaluate(
    async ([type, w, h]) => {
      const canvas = new OffscreenCanvas(w, h);
      const context = canvas.getContext('2d');
      if (context === null) throw new Error('no canvas');
      context.fillStyle = '#c86432';
      context.fillRect(0, 0, w, h);
      context.fillStyle = '#fff';
      context.fillRect(w / 4, h / 4, w / 2, h / 2);
      const bytes = new Uint8Array(await (await canvas.convertToBlob({ type })).arrayBuffer());
      return btoa(String.fromCharCode(...bytes));
    },
    [mimeType, width, height] as const,
  );
  return { name, mimeType, buffer: Buffer.from(base64, 'base64') };
}

/** A second of real video, recorded from a canvas by the browser. */
export async function filmed(page: Page, name: string): Promise<Picked> {
  const base64 = await page.evaluate(async () => {
    const canvas = document.createElement('canvas');
    canvas.width = 320;
    canvas.height = 180;
    const context = canvas.getContext('2d');
    if (context === null) throw new Error('no canvas');
    const recorder = new MediaRecorder(canvas.captureStream(25), { mimeType: 'video/webm;codecs=vp8' });
    const chunks: Blob[] = [];
    recorder.ondataavailable = ({ data }) => chunks.push(data);
    const ended = new Promise((resolve) => { recorder.onstop = resolve; });
    recorder.start();
    const from = performance.now();
    await new Promise<void>((resolve) => {
      const draw = (): void => {
        const at = performance.now() - from;
        context.fillStyle = `hsl(${String(at / 4)} 80% 50%)`;
        context.fillRect(0, 0, 320, 180);
        if (at < 1500) requestAnimationFrame(draw);
        else resolve();
      };
      draw();
    });
    recorder.stop();
    await ended;
    const bytes = new Uint8Array(await new Blob(chunks).arrayBuffer());
    let binary = '';
    for (const byte of bytes) binary += String.fromCharCode(byte);
    return btoa(binary);
  });
  return { name, mimeType: 'video/webm', buffer: Buffer.from(base64, 'base64') };
}

/** What a drag or a paste carries, inside the page. */
export function carried(page: Page, files: Picked[]) {
  return page.evaluateHandle((list) => {
    const transfer = new DataTransfer();
    for (const { name, mimeType, base64 } of list) {
      const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
      transfer.items.add(new File([bytes], name, { type: mimeType }));
    }
    return transfer;
  }, files.map(({ name, mimeType, buffer }) => ({ name, mimeType, base64: buffer.toString('base64') })));
}

/** Whether the browser has really drawn the picture. */
export const isDrawn = (image: Locator): Promise<boolean> =>
  image.evaluate((element) => element instanceof HTMLImageElement && element.complete && element.naturalWidth > 0);
