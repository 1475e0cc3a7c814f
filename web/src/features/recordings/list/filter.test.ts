/** From what was typed to what is asked. */
import { expect, test } from "vitest";
import { isEmpty, NO_FILTER, queryOf, usesFolded, type Filter } from "./filter";

const query = (change: Partial<Filter>): object => queryOf({ ...NO_FILTER, ...change });

test("nothing typed asks for everything", () => {
  expect(query({})).toEqual({});
  expect(isEmpty(NO_FILTER)).toBe(true);
  expect(isEmpty({ ...NO_FILTER, q: "  " })).toBe(true);
});

test("both days are included, by the reader's clock", () => {
  expect(query({ from: "2026-11-01", to: "2026-11-01" })).toEqual({
    from: new Date(2026, 10, 1).getTime(),
    to: new Date(2026, 10, 2).getTime(),
  });
  expect(query({ to: "2026-12-31" })).toEqual({ to: new Date(2027, 0, 1).getTime() });
});

test.each([
  ["1", 60],
  ["1.5", 90],
  ["1,5", 90],
  [" 0 ", 0],
])("%s minutes", (min, min_s) => expect(query({ min })).toEqual({ min_s }));

test.each([{ min: "many" }, { max: "-1" }, { from: "yesterday" }, { from: "2026-1-1" }])("%o is not asked for", (change) =>
  expect(query(change)).toEqual({}),
);

test("words are asked for without the blanks around them", () => {
  expect(query({ q: " deal ", tag: " 17 ", userId: "u", outcome: "lost", review: "flagged", conversationId: " c " })).toEqual({
    q: "deal",
    tag: "17",
    user_id: "u",
    outcome: "lost",
    review: "flagged",
    conversation_id: "c",
  });
});

test("what is folded away is shown where it counts", () => {
  expect(usesFolded({ ...NO_FILTER, q: "x", from: "2026-11-01" })).toBe(false);
  expect(usesFolded({ ...NO_FILTER, tag: "17" })).toBe(true);
});
