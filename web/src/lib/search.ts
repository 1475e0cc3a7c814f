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

/** Every word of the query must begin a word of one of the texts, in one and the same layout. */
export function matches(query: string, ...texts: string[]): boolean {
  const words = texts.flatMap((text) => fold(text).split(/[\s.@_-]+/u).concat(fold(text)));
  const readings = [query, typedIn(toCyrillic, query), typedIn(toLatin, query)].map(fold);
  return readings.some((reading) => reading.split(" ").every((part) => words.some((word) => word.startsWith(part))));
}
