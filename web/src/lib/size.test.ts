import { expect, test } from "vitest";
import { fileSize } from "./size";

test.each([
  [0, "0 bytes", "0 байт"],
  [999, "999 bytes", "999 байт"],
  [1_234, "1.2 kB", "1,2 кБ"],
  [999_949, "1 MB", "1 МБ"],
  [10_500_000, "10.5 MB", "10,5 МБ"],
  [123_456_789, "123 MB", "123 МБ"],
  [5_000_000_000, "5 GB", "5 ГБ"],
])("%i bytes", (bytes, english, russian) => {
  expect(fileSize("en", bytes)).toBe(english);
  expect(fileSize("ru", bytes).replaceAll("\u00a0", " ")).toBe(russian);
});
