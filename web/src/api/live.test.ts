/** A fetch and events that overtake it. */
import { expect, test } from "vitest";
import { EventLog } from "./live";
import type { StoredEvent } from "./types";

const event = (id: number): StoredEvent => ({
  id,
  type: "user_changed",
  user: { id: "u", login: "u", name: "n", email: "e", role: "employee", invited: false, created_at: 0 },
});
const collect = (ids: number[], { id }: StoredEvent): number[] => (ids.includes(id) ? ids : [...ids, id]);

test("events of the time of the fetch are applied to its answer, older ones are not", async () => {
  const log = new EventLog();
  log.push(event(1));
  let answer: (ids: number[]) => void = () => undefined;
  const fetched = log.fetch(() => new Promise<number[]>((resolve) => (answer = resolve)), collect);
  log.push(event(2));
  log.push(event(3));
  answer([2]);
  expect(await fetched).toEqual([2, 3]);
});

test("a failed fetch fails", async () => {
  await expect(new EventLog().fetch(() => Promise.reject(new Error("no")), collect)).rejects.toThrow("no");
});
