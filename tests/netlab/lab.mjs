/**
 * The netlab for tests in JavaScript: one lab per process, under its own name, gone when the process is.
 *
 *     const lab = up('symmetric', 'symmetric');
 *     const server = await lab.start('internet', ['staffline', '--listen', '0.0.0.0:443', …], { ready: 'listening' });
 *     const page = await chromium.launch({ executablePath: lab.browserExecutable('office-a', chromium), args: lab.browserArgs('a') });
 *     …
 *     await lab.down();
 *
 * The test process stays outside; it talks to the browsers in the offices over inherited pipes.
 */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const NETLAB = fileURLToPath(new URL('./netlab', import.meta.url));
/** No lab outlives this, whatever its test does. */
const MAX_LAB_SECONDS = 1800;
const READY_MS = 20_000;
export const PROXY_PORT = 3128;
const STOP_MS = 5_000;

/** Host names of the server in the lab, good for its certificate. */
export const SERVER_NAME = 'chat.lab';
export const SERVER_IP = '203.0.113.10';

/** @typedef {'open'|'fullcone'|'cone'|'symmetric'|'udpblocked'|'tcp443'|'tls443'|'proxy'|'offline'} Profile */
/** @typedef {{ delay?: number, jitter?: number, loss?: number, burst?: number, reorder?: number, duplicate?: number, rate?: number, queue?: number }} Impairment ms, ms, %, packets, %, %, kbit/s, ms; each way */

/**
 * Whether STAFFLINE_SKIP asks to leave the netlab out. Nothing else does: a machine that cannot make a lab fails the test.
 * @returns {boolean}
 */
export function skipped() {
  return (process.env.STAFFLINE_SKIP ?? '').split(/[\s,]+/).includes('netlab');
}

/**
 * Builds a lab with one office per profile: office-a, office-b, … Throws if it cannot.
 * @param {...Profile} profiles
 * @returns {Lab}
 */
export function up(...profiles) {
  const lab = new Lab(profiles);
  try {
    lab.netlab('check');
    lab.netlab('up', ...profiles);
  } catch (error) {
    lab.discard();
    throw new Error(`The netlab could not be built (root and network namespaces are needed; STAFFLINE_SKIP=netlab leaves these tests out).\n${error.message}`);
  }
  return lab;
}

let labs = 0;

/** A lab that is up. Its namespaces and its folder go with `down()`, or when this process ends in any way. */
export class Lab {
  #state = mkdtempSync(join(tmpdir(), 'staffline-netlab-'));
  /** Never used twice: the guard of a lab that went down may still be at its work when the next one goes up. */
  prefix = `sl${process.pid}-${++labs}-`;
  #env = { ...process.env, NETLAB_PREFIX: this.prefix, NETLAB_STATE: this.#state };
  #guard = spawn(NETLAB, ['guard', String(MAX_LAB_SECONDS)], { env: this.#env, detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  /** @type {Set<Program>} */
  #programs = new Set();

  #profiles;

  /** @param {Profile[]} profiles */
  constructor(profiles) {
    this.#profiles = profiles;
    // It has to survive this process, and must not keep it alive.
    this.#guard.unref();
    this.#guard.stdin.unref?.();
  }

  /**
   * Runs one command of the netlab script and gives what it printed.
   * @param {...string} args
   * @returns {string}
   */
  netlab(...args) {
    return execFileSync(NETLAB, args, { env: this.#env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  }

  /** Certificate (PEM) for chat.lab, its key, and the CA that signed it. */
  get certificate() {
    const file = (name) => join(this.#state, 'tls', name);
    return { cert: file('server.crt'), key: file('server.key'), ca: file('ca.crt') };
  }

  /** The page's address when the server listens on port 443. */
  get url() {
    return `https://${SERVER_NAME}`;
  }

  /**
   * What the Chromium of an office needs: fake devices, trust in the lab's certificate (for TURN over TLS too), the proxy where there is one.
   * @param {string} letter
   * @returns {string[]}
   */
  browserArgs(letter) {
    const number = letter.charCodeAt(0) - 'a'.charCodeAt(0);
    const spki = readFileSync(join(this.#state, 'tls', 'server.spki'), 'utf8').trim();
    return [
      '--no-sandbox', '--disable-dev-shm-usage', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream',
      '--autoplay-policy=no-user-gesture-required', `--ignore-certificate-errors-spki-list=${spki}`,
      ...(this.#profiles[number] === 'proxy' ? [`--proxy-server=http://10.77.${number + 1}.1:${PROXY_PORT}`] : []),
    ];
  }

  /**
   * Words to put before a command so that it runs in a host, for callers that spawn it themselves. Signals reach the command.
   * @param {string} host
   * @returns {string[]}
   */
  runner(host) {
    return ['env', `NETLAB_PREFIX=${this.prefix}`, `NETLAB_STATE=${this.#state}`, NETLAB, 'exec', host];
  }

  /**
   * An executable that is `program`, run inside that host: for Playwright's `executablePath`.
   * @param {string} host
   * @param {string} [program]
   * @returns {string}
   */
  browserExecutable(host, program = '/usr/bin/chromium') {
    return this.netlab('wrapper', host, program);
  }

  /**
   * Runs a command in a host to its end and gives what it printed. Throws if it fails.
   * @param {string} host
   * @param {string[]} command
   * @returns {Promise<string>}
   */
  async exec(host, command) {
    const { stdout } = await promisify(execFile)(NETLAB, ['exec', host, ...command], { env: this.#env });
    return stdout;
  }

  /**
   * Starts a program in a host; done when `ready` shows up in its output.
   * @param {string} host
   * @param {string[]} command
   * @param {{ ready: string | RegExp, env?: Record<string, string>, cwd?: string, timeoutMs?: number }} options
   * @returns {Promise<Program>}
   */
  async start(host, command, { ready, env = {}, cwd, timeoutMs = READY_MS }) {
    const child = spawn(NETLAB, ['exec', host, ...command], { cwd, env: { ...this.#env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const program = new Program(child, command[0]);
    this.#programs.add(program);
    await program.said(ready, timeoutMs);
    return program;
  }

  /**
   * Makes an office's line worse, each way; without settings, good again.
   * @param {string} letter
   * @param {Impairment} [settings]
   */
  impair(letter, settings = {}) {
    const words = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
    this.netlab('impair', letter, ...(words.length > 0 ? words : ['off']));
  }

  /**
   * The laptop moves to another network: other rules, old NAT mappings forgotten.
   * @param {string} letter
   * @param {Profile} profile
   */
  moveTo(letter, profile) {
    this.netlab('profile', letter, profile);
  }

  /**
   * The laptop moves to a network with other addresses, inside and outside; the rules stay.
   * @param {string} letter
   */
  renumber(letter) {
    this.netlab('renumber', letter);
  }

  /**
   * Plugs an office's internet line in or out.
   * @param {string} letter
   * @param {'up'|'down'} state
   */
  link(letter, state) {
    this.netlab('link', letter, state);
  }

  /**
   * Firewall counters of an office's router, in packets: proof that the firewall did something.
   * @param {string} letter
   * @returns {Record<string, number>}
   */
  counters(letter) {
    const lines = this.netlab('counters', letter).split('\n').map((line) => line.match(/^(\w+): (\d+) packets/));
    return Object.fromEntries(lines.filter((match) => match !== null).map(([, name, packets]) => [name, Number(packets)]));
  }

  /**
   * Closes all ports of the server but this one, TCP and UDP.
   * @param {number} port
   */
  onlyPort(port) {
    this.netlab('only', String(port));
  }

  /**
   * Packets that `onlyPort` kept out.
   * @returns {number}
   */
  refused() {
    return Number(this.netlab('refused'));
  }

  /**
   * What the NATs and firewalls really do, by office.
   * @returns {Record<string, Record<string, unknown>>}
   */
  probe() {
    const lines = this.netlab('probe').split('\n');
    return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(' ')), JSON.parse(line.slice(line.indexOf(' ')))]));
  }

  /** Ends all that runs in the lab, and the lab. May be called twice. */
  async down() {
    await Promise.all([...this.#programs].map((program) => program.stop()));
    this.discard();
  }

  /** `down` at once, for when nothing can be awaited any more. */
  discard() {
    this.netlab('down');
    rmSync(this.#state, { recursive: true, force: true });
    this.#guard.stdin.end();
  }
}

/** A program that runs in the lab, with everything it has said. */
class Program {
  log = '';
  #child;
  #name;
  #exited;

  constructor(child, name) {
    this.#child = child;
    this.#name = name;
    this.#exited = new Promise((resolve) => child.on('close', resolve));
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => { this.log += text; });
  }

  /**
   * Waits until its output holds `text`. Throws if it ends before, or takes too long.
   * @param {string | RegExp} text
   * @param {number} timeoutMs
   */
  async said(text, timeoutMs = READY_MS) {
    const found = () => (typeof text === 'string' ? this.log.includes(text) : text.test(this.log));
    await new Promise((resolve, reject) => {
      const fail = (why) => reject(new Error(`${this.#name} ${why} before it said ${text}:\n${this.log.slice(-2000)}`));
      const timer = setTimeout(() => fail(`took over ${timeoutMs} ms`), timeoutMs);
      const look = () => { if (found()) { clearTimeout(timer); resolve(undefined); } };
      for (const stream of [this.#child.stdout, this.#child.stderr]) stream.on('data', look);
      this.#child.on('error', (error) => { clearTimeout(timer); fail(error.message); });
      this.#exited.then((code) => { clearTimeout(timer); fail(`ended with ${code}`); });
      look();
    });
  }

  /** @param {NodeJS.Signals} signal */
  kill(signal) {
    this.#child.kill(signal);
  }

  /** SIGTERM, and SIGKILL for one that doesn't listen. */
  async stop() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
    await this.#exited;
    clearTimeout(timer);
  }
}
