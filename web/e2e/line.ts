/** The line between browser and server, for tests that cut it: a TCP proxy that counts, slows down and breaks off. */
import { createServer, connect, type Server as TcpServer, type Socket } from 'node:net';

export class Line {
  private readonly sockets = new Set<Socket>();
  private server: TcpServer | undefined;
  private broken = false;
  /** Cut when so many bytes have gone up. */
  private cutAt = Infinity;
  /** Bytes a second upwards. */
  private rate = Infinity;
  /** Bytes from browser to server. */
  up = 0;

  private constructor(private readonly target: number) {}

  static async open(port: number, target: number): Promise<Line> {
    const line = new Line(target);
    const server = createServer((client) => { line.join(client); });
    line.server = server;
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return line;
  }

  private join(client: Socket): void {
    if (this.broken) return void client.destroy();
    const upstream = connect(this.target, '127.0.0.1');
    for (const [socket, other] of [[client, upstream], [upstream, client]] as const) {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.sockets.delete(socket);
        other.destroy();
      });
    }
    upstream.pipe(client);
    client.on('data', (bytes: Buffer) => { this.forward(client, upstream, bytes); });
  }

  private forward(client: Socket, upstream: Socket, bytes: Buffer): void {
    this.up += bytes.length;
    const taken = upstream.write(bytes);
    if (this.up >= this.cutAt) return this.cut();
    // What the server does not take waits in the browser: here it would count as sent, and be lost with the cut.
    const waits: Promise<unknown>[] = taken ? [] : [new Promise((resolve) => upstream.once('drain', resolve))];
    if (this.rate !== Infinity) waits.push(new Promise((resolve) => setTimeout(resolve, (bytes.length / this.rate) * 1000)));
    if (waits.length === 0) return;
    client.pause();
    void Promise.all(waits).then(() => { client.resume(); });
  }

  /** Cuts when so many more bytes have gone up. */
  cutAfter(bytes: number): void {
    this.cutAt = this.up + bytes;
  }

  slow(bytesPerSecond: number): void {
    this.rate = bytesPerSecond;
  }

  /** All connections break, and no new one comes about. */
  cut(): void {
    this.broken = true;
    this.cutAt = Infinity;
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  get isCut(): boolean {
    return this.broken;
  }

  mend(): void {
    this.broken = false;
    this.rate = Infinity;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server?.close(resolve));
  }
}
