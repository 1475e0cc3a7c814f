/** The lab itself: its NATs are what they claim, its wire loses what it should, nothing of it stays. Run by `node --test`. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { skipped, up } from './lab.mjs';

const skip = skipped();

/** An echo in the internet, and what sends it 1000 datagrams from an office and prints how many came back. */
const ECHO = `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("203.0.113.10", 7)); print("ready", flush=True)
while True:
    data, client = s.recvfrom(100); s.sendto(data, client)`;
const COUNT = `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
def drain(patience):
    s.settimeout(patience); n = 0
    try:
        while True: s.recv(100); n += 1
    except OSError: return n
back = 0
for i in range(1000):
    s.sendto(b"x", ("203.0.113.10", 7))
    if i % 20 == 19: back += drain(0.01)
print(back + drain(1.5))`;

const namespaces = (prefix) => execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' }).split('\n').filter((line) => line.startsWith(prefix));

test('the NATs are cone and symmetric', { skip }, async () => {
  const lab = up('cone', 'symmetric');
  try {
    const found = lab.probe();
    assert.equal(found['office-a'].mapping, 'endpoint-independent');
    assert.equal(found['office-a'].filtering, 'address-and-port-dependent');
    assert.equal(found['office-b'].mapping, 'endpoint-dependent (symmetric)');
  } finally {
    await lab.down();
  }
  assert.deepEqual(namespaces(lab.prefix), []);
});

test('a firewall that lets out nothing but TLS on port 443', { skip }, async () => {
  const lab = up('tls443');
  try {
    const { udp, tcp443_tls, tcp443_other, tcp8443 } = lab.probe()['office-a'];
    assert.deepEqual({ udp, tcp443_tls, tcp443_other, tcp8443 }, { udp: 'blocked', tcp443_tls: true, tcp443_other: false, tcp8443: false });
    assert.ok(lab.counters('a').blocked_udp > 0);
  } finally {
    await lab.down();
  }
});

/** From an office to both ports of an echo in the internet; prints which of them answered. */
const TWO_PORTS = `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(1); answered = []
for port in (7, 8):
    s.sendto(b"x", ("203.0.113.10", port))
    try: s.recv(100); answered.append(port)
    except OSError: pass
print(answered)`;

test('only one port of the server is open', { skip }, async () => {
  const lab = up('cone');
  try {
    await lab.start('internet', ['python3', '-c', ECHO], { ready: 'ready' });
    await lab.start('internet', ['python3', '-c', ECHO.replace(', 7)', ', 8)')], { ready: 'ready' });
    const answered = async () => (await lab.exec('office-a', ['python3', '-c', TWO_PORTS])).trim();
    assert.equal(await answered(), '[7, 8]');
    lab.onlyPort(7);
    assert.equal(await answered(), '[7]');
    assert.equal(lab.refused(), 1);
  } finally {
    await lab.down();
  }
});

test('a router counts what does not go to the server', { skip }, async () => {
  const lab = up('cone', 'cone');
  const send = (address) => lab.exec('office-a', ['python3', '-c', `import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("${address}", 9))`]);
  const elsewhere = () => ['a', 'b'].map((letter) => lab.counters(letter).elsewhere);
  try {
    await send('203.0.113.10');
    assert.deepEqual(elsewhere(), [0, 0]);
    await send('203.0.113.102');
    assert.deepEqual(elsewhere(), [1, 1]);
  } finally {
    await lab.down();
  }
});

test('an impaired line loses its share, and none when it is good again', { skip }, async () => {
  const lab = up('cone');
  try {
    await lab.start('internet', ['python3', '-c', ECHO], { ready: 'ready' });
    const back = async () => Number(await lab.exec('office-a', ['python3', '-c', COUNT]));
    assert.equal(await back(), 1000);
    lab.impair('a', { loss: 3 });
    const some = await back();
    // 3 % each way: 941 of 1000, with 6 standard deviations to each side.
    assert.ok(some > 890 && some < 985, `${some} of 1000`);
    lab.impair('a');
    assert.equal(await back(), 1000);
  } finally {
    await lab.down();
  }
});

/** Sends 200 datagrams through the echo and prints how many came back, and how many of them after a later one. */
const ORDER = `
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(1)
for i in range(200):
    s.sendto(b"%d" % i, ("203.0.113.10", 7)); time.sleep(0.002)
highest = back = late = 0
try:
    while True:
        n = int(s.recv(100)); back += 1; late += n < highest; highest = max(highest, n)
except OSError: print(back, late)`;

test('an impaired line lets packets overtake each other, and loses none of them', { skip }, async () => {
  const lab = up('cone');
  try {
    await lab.start('internet', ['python3', '-c', ECHO], { ready: 'ready' });
    lab.impair('a', { reorder: 10 });
    const [back, late] = (await lab.exec('office-a', ['python3', '-c', ORDER])).split(' ').map(Number);
    assert.equal(back, 200);
    assert.ok(late > 10 && late < 90, `${late} of 200 were late`);
  } finally {
    await lab.down();
  }
});

/** Sends 1,000 datagrams through the echo and prints how many came back, each counted once and all, and the mean length of the gaps. */
const BURSTS = `
import socket, threading, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(1); got = []
def listen():
    try:
        while True: got.append(int(s.recv(100)))
    except OSError: pass
s.sendto(b"0", ("203.0.113.10", 7))
t = threading.Thread(target=listen); t.start()
for i in range(1, 1000):
    s.sendto(b"%d" % i, ("203.0.113.10", 7)); time.sleep(0.002)
t.join()
came = set(got); lost = [i for i in range(1000) if i not in came]
gaps = sum(1 for i in lost if i - 1 in came or i == 0)
print(len(came), len(got), len(lost) / max(gaps, 1))`;

test('an impaired line loses packets in bursts', { skip }, async () => {
  const lab = up('cone');
  try {
    await lab.start('internet', ['python3', '-c', ECHO], { ready: 'ready' });
    lab.impair('a', { loss: 5, burst: 6 });
    const [once, , mean] = (await lab.exec('office-a', ['python3', '-c', BURSTS])).split(' ').map(Number);
    // One by one they would be 1.1 long.
    assert.ok(once > 750 && once < 990 && mean > 3, `${once} of 1000, gaps of ${mean}`);
  } finally {
    await lab.down();
  }
});

test('an impaired line doubles packets, and loses none of them', { skip }, async () => {
  const lab = up('cone');
  try {
    await lab.start('internet', ['python3', '-c', ECHO], { ready: 'ready' });
    lab.impair('a', { duplicate: 10 });
    const [once, all] = (await lab.exec('office-a', ['python3', '-c', BURSTS])).split(' ').map(Number);
    assert.equal(once, 1000);
    // 10 % each way: 1,210.
    assert.ok(all > 1120 && all < 1300, `${all} for 1000`);
  } finally {
    await lab.down();
  }
});

test('a laptop that moves has other addresses, and what it had before is dead', { skip }, async () => {
  const lab = up('cone');
  const outside = async () => {
    const see = 'import socket; s = socket.create_connection(("203.0.113.10", 7), 5); print(s.getsockname()[0], s.recv(100).decode())';
    return (await lab.exec('office-a', ['python3', '-c', see])).trim().split(' ');
  };
  try {
    const tell = 'import socket; s = socket.create_server(("203.0.113.10", 7)); print("ready", flush=True)\nwhile True: c, a = s.accept(); c.send(a[0].encode()); c.close()';
    await lab.start('internet', ['python3', '-c', tell], { ready: 'ready' });
    assert.deepEqual(await outside(), ['10.77.1.2', '203.0.113.101']);
    lab.renumber('a');
    assert.deepEqual(await outside(), ['10.77.1.3', '203.0.113.111']);
    lab.moveTo('a', 'symmetric');
    assert.deepEqual(await outside(), ['10.77.1.3', '203.0.113.111']);
  } finally {
    await lab.down();
  }
});

test('a lab goes with its process, even one that is killed', { skip }, async () => {
  const url = new URL('./lab.mjs', import.meta.url).href;
  const child = spawn('node', ['--input-type=module', '-e', `const { up } = await import('${url}'); up('cone'); console.log('up'); setInterval(() => {}, 1000);`], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  const prefix = `sl${child.pid}-`;
  assert.equal(namespaces(prefix).length, 3);
  child.kill('SIGKILL');
  const end = Date.now() + 10_000;
  while (namespaces(prefix).length > 0) {
    assert.ok(Date.now() < end, 'the lab is still there after 10 s');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
});

test('what cannot be built fails loudly', { skip }, () => {
  assert.throws(() => up('nonsense'), /unknown profile 'nonsense'/);
  assert.throws(() => execFileSync(fileURLToPath(new URL('./netlab', import.meta.url)), ['exec', 'office-a', 'true'], { stdio: 'pipe', env: { ...process.env, NETLAB_PREFIX: 'none-' } }), /is the lab up/);
});
