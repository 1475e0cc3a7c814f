/** A port that is free for TCP and UDP just now. */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

export async function freePort(): Promise<number> {
  const tcp = createServer();
  const port = await new Promise<number>((resolve, reject) => {
    tcp.once('error', reject);
    tcp.listen(0, '127.0.0.1', () => {
      const address = tcp.address();
      if (address && typeof address === 'object') resolve(address.port);
    });
  });
  const udp = createSocket('udp4');
  await new Promise<void>((resolve, reject) => {
    udp.once('error', reject);
    udp.bind(port, '127.0.0.1', () => { resolve(); });
  });
  await Promise.all([new Promise((done) => tcp.close(done)), new Promise((done) => udp.close(() => { done(undefined); }))]);
  return port;
}
