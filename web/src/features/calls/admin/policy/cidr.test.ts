/** What is a network, and what is wrong with what is none. */
import { expect, test } from "vitest";
import { networkProblem, parseAddress } from "./cidr";

test.each(["10.0.0.0/8", "192.168.1.7/32", "0.0.0.0/0", "::/0", "fd00::/8", "2001:db8:0:1::/64", "::ffff:10.0.0.1/128", " 10.1.0.0/16 ", "192.0.2.7", "fd00::1", "1:2:3:4:5:6:7:8/128"])(
  "%s is a network",
  (text) => expect(networkProblem(text)).toBeNull(),
);

test.each([
  ["", "empty"],
  ["10.0.0/8", "bad_address"],
  ["10.0.0.256/8", "bad_address"],
  ["010.0.0.1/8", "bad_address"],
  ["10.0.0.0/8/8", "bad_address"],
  ["office", "bad_address"],
  ["1:2:3:4:5:6:7/64", "bad_address"],
  ["1:2:3:4:5:6:7:8:9/64", "bad_address"],
  ["1::2::3/64", "bad_address"],
  ["1:2:3:4:5:6:7::8/64", "bad_address"],
  ["fg00::/8", "bad_address"],
  [":1:2:3:4:5:6:7/64", "bad_address"],
  ["10.0.0.0/33", "bad_prefix"],
  ["10.0.0.0/", "bad_prefix"],
  ["10.0.0.0/08", "bad_prefix"],
  ["10.0.0.0/-1", "bad_prefix"],
  ["fd00::/129", "bad_prefix"],
])("%j: %s", (text, problem) => expect(networkProblem(text)).toBe(problem));

test("an address is read to its bytes", () => {
  expect(parseAddress("10.0.0.1")).toEqual([10, 0, 0, 1]);
  expect(parseAddress("fd00::1")).toEqual([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  expect(parseAddress("10.0.0.1/8")).toBeNull();
});
