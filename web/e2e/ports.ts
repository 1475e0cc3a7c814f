/** Ports that are free for TCP and UDP, and stay so until somebody takes them on purpose. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below what any system gives to outgoing connections, which could take a port before its server does, and without a port that
 * browsers refuse.
 */
const FIRST = 20_000;
const LAST = 32_000;
const ATTEMPTS = 100;
/** A port is given once: who asked for it may not have bound it yet. */
const given = new Set<number>();

export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    // By chance: another run beside this one looks for ports too.
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port between ${String(FIRST)} and ${String(LAST)}`);
}

/** On all addresses: a server may listen on any of them. */
async function isFree(port: number): Promise<boolean> {
  const tcp = createServer();
  const udp = createSocket('udp4');
  try {
    tcp.listen(port, '0.0.0.0');
    await once(tcp, 'listening');
    udp.bind(port, '0.0.0.0');
    await once(udp, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    await Promise.all([closed(tcp), closed(udp)]);
  }
}

/** One that never came to listen is closed already, and says so by throwing. */
async function closed(socket: { close: (done: () => void) => unknown }): Promise<void> {
  await new Promise<void>((resolve) => {
    try {
      socket.close(() => { resolve(); });
    } catch {
      resolve();
    }
  });
}
