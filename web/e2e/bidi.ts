/** WebDriver BiDi, as much of it as a test needs: one browser, one tab, what is on its screen, and what its page says. */
import WebSocket from 'ws';

interface Answer {
  id?: number;
  type: string;
  result?: unknown;
  error?: string;
  message?: string;
}

/** An element of the page, by the browser's name for it. */
export interface Element {
  sharedId: string;
}

type Evaluated = { type: 'success'; result: { value?: string } } | { type: 'exception'; exceptionDetails: { text: string } };

/** The keys that have no character: https://www.w3.org/TR/webdriver/#keyboard-actions */
const CONTROL = '\uE009';

export class Tab {
  private readonly waiting = new Map<number, { resolve: (value: unknown) => void; reject: (why: Error) => void }>();
  private last = 0;
  private context = '';

  private constructor(private readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => { this.take(JSON.parse(data.toString()) as Answer); });
    socket.on('close', () => {
      for (const { reject } of this.waiting.values()) reject(new Error('the browser is gone'));
    });
  }

  /** Begins a session in the browser that listens there, and takes its first tab. */
  static async open(url: string): Promise<Tab> {
    const socket = new WebSocket(`${url}/session`, { perMessageDeflate: false });
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    const tab = new Tab(socket);
    await tab.send('session.new', { capabilities: { alwaysMatch: { acceptInsecureCerts: true } } });
    const { contexts } = await tab.send<{ contexts: { context: string }[] }>('browsingContext.getTree', {});
    tab.context = contexts[0]?.context ?? '';
    await tab.send('browsingContext.setViewport', { context: tab.context, viewport: { width: 1280, height: 800 } });
    return tab;
  }

  private take(answer: Answer): void {
    const asked = this.waiting.get(answer.id ?? -1);
    if (asked === undefined) return;
    this.waiting.delete(answer.id ?? -1);
    if (answer.type === 'success') asked.resolve(answer.result);
    else asked.reject(new Error(`${String(answer.error)}: ${String(answer.message)}`));
  }

  private send<T>(method: string, params: Record<string, unknown>): Promise<T> {
    const id = ++this.last;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.socket.send(JSON.stringify({ id, method, params }));
    });
  }

  async goto(url: string): Promise<void> {
    await this.send('browsingContext.navigate', { context: this.context, url, wait: 'complete' });
  }

  /** What a function of the page gives; argument and result travel as JSON. */
  async evaluate<R>(fn: (arg: number) => R | Promise<R>, arg: number): Promise<R> {
    const answer = await this.send<Evaluated>('script.callFunction', {
      functionDeclaration: `async (arg) => JSON.stringify(await (${fn.toString()})(arg))`,
      arguments: [{ type: 'number', value: arg }],
      awaitPromise: true,
      target: { context: this.context },
    });
    if (answer.type === 'exception') throw new Error(answer.exceptionDetails.text);
    return (answer.result.value === undefined ? undefined : JSON.parse(answer.result.value)) as R;
  }

  /** What assistive technology would find under this role and name, or under this name alone. */
  find(role: string | null, name: string): Promise<Element | undefined> {
    return this.locate({ type: 'accessibility', value: role === null ? { name } : { role, name } });
  }

  /** The element with exactly this text, which has no quotation mark. */
  findText(text: string): Promise<Element | undefined> {
    return this.locate({ type: 'xpath', value: `//*[text()="${text}"]` });
  }

  private async locate(locator: Record<string, unknown>): Promise<Element | undefined> {
    const { nodes } = await this.send<{ nodes: Element[] }>('browsingContext.locateNodes', { context: this.context, locator, maxNodeCount: 1 });
    return nodes[0];
  }

  async click(element: Element): Promise<void> {
    await this.perform({
      type: 'pointer',
      id: 'mouse',
      actions: [
        { type: 'pointerMove', x: 0, y: 0, origin: { type: 'element', element } },
        { type: 'pointerDown', button: 0 },
        { type: 'pointerUp', button: 0 },
      ],
    });
  }

  async moveMouse(x: number, y: number): Promise<void> {
    await this.perform({ type: 'pointer', id: 'mouse', actions: [{ type: 'pointerMove', x, y }] });
  }

  /** Types into what has the focus, in place of what is there. */
  async type(text: string): Promise<void> {
    const press = (value: string) => [{ type: 'keyDown', value }, { type: 'keyUp', value }];
    const all = [{ type: 'keyDown', value: CONTROL }, ...press('a'), { type: 'keyUp', value: CONTROL }];
    await this.perform({ type: 'key', id: 'keyboard', actions: [...all, ...[...text].flatMap(press)] });
  }

  private async perform(source: Record<string, unknown>): Promise<void> {
    await this.send('input.performActions', { context: this.context, actions: [source] });
  }

  close(): void {
    this.socket.close();
  }
}
