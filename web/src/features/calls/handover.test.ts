/** The new path takes over when it carries what the old one carries. */
import { expect, test } from "vitest";
import { CALL, FakePeer } from "./calls.test-support";
import { Handover, WHOLE_MS } from "./handover";
import type { LocalTracks, PeerLike } from "./peer";

const NO_EVENTS = { signal: () => undefined, remote: () => undefined, connection: () => undefined, unreached: () => undefined, failed: () => undefined };

function setUp(): { old: FakePeer; fresh: FakePeer; handover: Handover } {
  const peer = (): FakePeer => new FakePeer(CALL, {} as LocalTracks, NO_EVENTS);
  const [old, fresh] = [peer(), peer()];
  return { old, fresh, handover: new Handover(old as unknown as PeerLike, fresh as unknown as PeerLike) };
}

test("sound alone: with the first of it", async () => {
  const { fresh, handover } = setUp();
  fresh.flowing = false;
  expect(await handover.ready(0)).toBe(false);
  fresh.flowing = true;
  expect(await handover.ready(50)).toBe(true);
});

test("with a picture: not before one is decoded", async () => {
  const { old, fresh, handover } = setUp();
  old.picture = fresh.picture = true;
  expect(await handover.ready(0)).toBe(false);
  expect(await handover.ready(50)).toBe(false);
  fresh.frames = 1;
  expect(await handover.ready(100)).toBe(true);
});

test("an old path that is dead is not waited for", async () => {
  const { old, fresh, handover } = setUp();
  old.picture = fresh.picture = true;
  expect(await handover.ready(0)).toBe(false);
  old.flowing = false;
  expect(await handover.ready(200)).toBe(false);
  expect(await handover.ready(1_000)).toBe(true);
});

test("a picture that never comes does not keep the call on the old path for ever", async () => {
  const { old, handover } = setUp();
  old.picture = true;
  for (let now = 0; now < WHOLE_MS; now += 100) expect(await handover.ready(now)).toBe(false);
  expect(await handover.ready(WHOLE_MS)).toBe(true);
});
