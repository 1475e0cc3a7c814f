/**
 * Matching of people's names as people type them: case, ё/е and the wrong keyboard layout make no difference.
 * "fyyf" typed in the Latin layout finds «Анна»; «шмфт» finds "Ivan".
 */
const LATIN = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`{}:\"<>~";
// The last seven are the same keys with Shift.
const CYRILLIC = "йцукенгшщзхъфывапролджэячсмитьбюёхъжэбюё";

const toCyrillic = new Map([...LATIN].map((key, i) => [key, CYRILLIC[i] ?? key]));
const toLatin = new Map([...CYRILLIC].map((key, i) => [key, LATIN[i] ?? key] as const).reverse());

/** Case and ё folded, spaces made single. */
export function fold(text: string): string {
  return text.normalize("NFC").toLocaleLowerCase("ru").replaceAll("ё", "е").replace(/\s+/gu, " ").trim();
}

function typedIn(layout: Map<string, string>, text: string): string {
  return [...text.toLocaleLowerCase("ru")].map((key) => layout.get(key) ?? key).join("");
}

const readingsOf = (query: string): string[] => [query, typedIn(toCyrillic, query), typedIn(toLatin, query)].map(fold);

/** Every word of the query must begin a word of one of the texts, in one and the same layout. */
export function matches(query: string, ...texts: string[]): boolean {
  const words = texts.flatMap((text) => fold(text).split(/[\s.@_-]+/u).concat(fold(text)));
  return readingsOf(query).some((reading) => reading.split(" ").every((part) => words.some((word) => word.startsWith(part))));
}

/** Start and end, in code units. */
export type Range = readonly [start: number, end: number];

/** Which beginnings of words the query has found, ascending: in the layout that finds them all. */
export function foundIn(query: string, text: string): Range[] {
  const words = [...text.matchAll(/[^\s.@_-]+/gu)].map(({ 0: word, index }) => ({ index, length: word.length, folded: fold(word) }));
  for (const reading of readingsOf(query)) {
    const parts = reading.split(" ").filter((part) => part !== "");
    if (parts.length === 0) return [];
    const found = words.flatMap(({ index, length, folded }): Range[] => {
      const longest = Math.max(0, ...parts.filter((part) => folded.startsWith(part)).map((part) => part.length));
      // Folding leaves the number of letters as it is, but for a few that no name has.
      return longest === 0 ? [] : [[index, index + Math.min(length, longest)]];
    });
    if (found.length > 0 && parts.every((part) => words.some(({ folded }) => folded.startsWith(part)))) return found;
  }
  return [];
}

/** The query as it was perhaps meant: typed in the other layout. Null if that makes no difference, or no words. */
export function otherLayout(query: string): string | null {
  const typed = query.trim();
  const other = /\p{Script=Cyrillic}/u.test(typed) ? typedIn(toLatin, typed) : typedIn(toCyrillic, typed);
  return other !== typed.toLocaleLowerCase("ru") && /^[\p{L}\p{N}\s]+$/u.test(other) ? other : null;
}
