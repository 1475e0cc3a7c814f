#!/usr/bin/env python3
"""A user-space wire between two TAP interfaces: delay, jitter, loss, in bursts too, reordering, duplicates, rate.

    wire.py TAP_IN TAP_OUT [delay=MS] [jitter=MS] [loss=PCT] [burst=N] [reorder=PCT] [duplicate=PCT] [rate=KBIT] [queue=MS] [seed=N]

Stands in for tc-netem where the kernel has none. Each value is for one direction and holds for both. Packets
do not overtake each other, but for the share that `reorder` holds back LATE seconds longer. `loss` is lost one by one, or in bursts of
`burst` packets in the mean (Gilbert's model). The share `duplicate` comes twice. `queue` is how long a packet may wait for its turn at `rate` before it is dropped.
ARP is never lost: it would look like an outage, not like loss.
"""
import fcntl
import heapq
import os
import random
import select
import struct
import sys
import time

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000
DEFAULTS = {"delay": 0.0, "jitter": 0.0, "loss": 0.0, "burst": 1.0, "reorder": 0.0, "duplicate": 0.0, "rate": 0.0, "queue": 200.0, "seed": 1.0}
FRAMES_AT_ONCE = 64
LATE = 0.03  # longer than the 20 ms between two packets of sound


def settings(words):
    chosen = dict(DEFAULTS)
    for word in words:
        name, _, value = word.partition("=")
        if name not in chosen:
            sys.exit(f"wire: unknown setting {name!r} (known: {', '.join(chosen)})")
        chosen[name] = float(value.rstrip("%"))
    return chosen


def tap(name):
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TAP | IFF_NO_PI))
    return fd


class Direction:
    """Frames on their way from one TAP to the other, each with the time at which it arrives."""

    def __init__(self, source, sink, chosen):
        self.source, self.sink = source, sink
        self.delay, self.jitter, self.queue = (chosen[k] / 1e3 for k in ("delay", "jitter", "queue"))
        self.loss, self.reorder, self.duplicate = (chosen[k] / 100 for k in ("loss", "reorder", "duplicate"))
        self.burst, self.is_losing = chosen["burst"], False
        self.bytes_per_s = chosen["rate"] * 1000 / 8
        self.random = random.Random(f"{int(chosen['seed'])}/{source}")
        self.on_the_way, self.taken, self.free_at, self.last_arrival = [], 0, 0.0, 0.0

    def take(self, now):
        for _ in range(FRAMES_AT_ONCE):
            try:
                frame = os.read(self.source, 65536)
            except BlockingIOError:
                return
            arp = frame[12:14] == b"\x08\x06"
            if arp or not self.loses():
                self.enqueue(now, frame)
                if not arp and self.duplicate and self.random.random() < self.duplicate:
                    self.enqueue(now, frame)

    def loses(self):
        """In the mean `burst` packets long is a burst that goes on with 1 - 1 / burst; begun as often as makes the share `loss`."""
        if self.burst <= 1:
            return self.random.random() < self.loss
        goes_on = 1 - 1 / self.burst
        begins = self.loss / (1 - self.loss) / self.burst if self.loss < 1 else 1
        self.is_losing = self.random.random() < (goes_on if self.is_losing else begins)
        return self.is_losing

    def enqueue(self, now, frame):
        arrival = now
        if self.bytes_per_s:
            start = max(now, self.free_at)
            if start - now > self.queue:
                return
            arrival = self.free_at = start + len(frame) / self.bytes_per_s
        arrival += self.delay + self.random.uniform(0, self.jitter)
        self.last_arrival = arrival = max(arrival, self.last_arrival)
        if self.reorder and self.random.random() < self.reorder:
            arrival += LATE
        self.taken += 1
        heapq.heappush(self.on_the_way, (arrival, self.taken, frame))

    def deliver(self, now):
        while self.on_the_way and self.on_the_way[0][0] <= now:
            try:
                os.write(self.sink, heapq.heappop(self.on_the_way)[2])
            except OSError:
                pass  # the interface is down, or its queue full: lost, as on a real line


def main():
    chosen = settings(sys.argv[3:])
    a, b = tap(sys.argv[1]), tap(sys.argv[2])
    directions = [Direction(a, b, chosen), Direction(b, a, chosen)]
    while True:
        due = min((d.on_the_way[0][0] for d in directions if d.on_the_way), default=None)
        wait = None if due is None else max(0.0, due - time.monotonic())
        ready, _, _ = select.select([a, b], [], [], wait)
        now = time.monotonic()
        for direction in directions:
            if direction.source in ready:
                direction.take(now)
            direction.deliver(now)


main()
