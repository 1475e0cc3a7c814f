/**
 * Several tabs of one browser share what waits to be sent. Each page holds a lock with its name for as long as it lives, so that
 * the others know when it is gone and may send what it left. Without locks (plain http) nobody knows: everybody may at once, and
 * the server tells doubles by their key.
 */
import { randomKey } from "../../lib/random";

export interface Pages {
  /** This page. */
  readonly id: string;
  /** Tells when a page is gone; only one of the others is told at a time, until what it does is done. */
  whenGone(page: string, then: () => void): void;
}

const lockOf = (page: string): string => `staffline.page.${page}`;

export function browserPages(): Pages {
  const id = randomKey();
  const locks = "locks" in navigator ? navigator.locks : null;
  // Held until the page dies.
  void locks?.request(lockOf(id), () => new Promise(() => undefined));
  return {
    id,
    whenGone: (page, then) => {
      if (locks === null) then();
      else void locks.request(lockOf(page), then);
    },
  };
}
