/** Networks as an admin types them: an IPv4 or IPv6 address, and how many of its bits count; all, if that is left out. The server judges again. */

export type NetworkProblem = "empty" | "bad_address" | "bad_prefix";

/** The 32 or 128 bits of an address, as bytes; null if it is none. */
export function parseAddress(text: string): number[] | null {
  return text.includes(":") ? parseV6(text) : parseV4(text);
}

function parseV4(text: string): number[] | null {
  const parts = text.split(".");
  // Without leading zeros: some read those as octal.
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/u.test(part) && Number(part) <= 255)) return null;
  return parts.map(Number);
}

function parseV6(text: string): number[] | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const [head, tail] = halves.map(words);
  if (head === undefined || head === null || tail === null) return null;
  if (tail === undefined) return head.length === 16 ? head : null;
  const missing = 16 - head.length - tail.length;
  // "::" stands for at least one group.
  return missing >= 2 ? [...head, ...Array<number>(missing).fill(0), ...tail] : null;
}

/** Groups between colons; the last may be an IPv4 address. */
function words(text: string): number[] | null {
  if (text === "") return [];
  const groups = text.split(":");
  const bytes: number[] = [];
  for (const [i, group] of groups.entries()) {
    if (i === groups.length - 1 && group.includes(".")) {
      const v4 = parseV4(group);
      if (v4 === null) return null;
      bytes.push(...v4);
      continue;
    }
    if (!/^[\da-f]{1,4}$/iu.test(group)) return null;
    const value = Number.parseInt(group, 16);
    bytes.push(value >> 8, value & 0xff);
  }
  return bytes;
}

/** Null: it is a network. */
export function networkProblem(text: string): NetworkProblem | null {
  const typed = text.trim();
  if (typed === "") return "empty";
  const [address = "", prefix, ...more] = typed.split("/");
  const bytes = parseAddress(address);
  if (bytes === null || more.length > 0) return "bad_address";
  if (prefix === undefined) return null;
  return /^(0|[1-9]\d{0,2})$/u.test(prefix) && Number(prefix) <= bytes.length * 8 ? null : "bad_prefix";
}
