/** The names of the emoji in the reader's language, found by their names in both. */
import type { EmojiDataLoader } from "emoji-picker-react/primitives";

type Data = Awaited<ReturnType<EmojiDataLoader>> extends infer D ? Exclude<D, { default: unknown }> : never;

/** The last name is the one that is shown; what comes before is only searched. */
function join(shown: Data, searched: Data): Data {
  const others = new Map(Object.values(searched.emojis).flat().map(({ u, n }) => [u, n]));
  const names = (u: string, n: string[]): string[] => {
    const all = [...(others.get(u) ?? []), ...n];
    return [...all.filter((name) => name.includes("ё")).map((name) => name.replaceAll("ё", "е")), ...all];
  };
  const emojis = Object.entries(shown.emojis).map(([category, list]) => [category, list.map((one) => ({ ...one, n: names(one.u, one.n) }))]);
  const categories = Object.entries(shown.categories).map(([key, one]) => [key, { ...one, name: capitalised(one.name) }]);
  return { categories: Object.fromEntries(categories) as Data["categories"], emojis: Object.fromEntries(emojis) as Data["emojis"] };
}

function capitalised(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

async function both(): Promise<{ ru: Data; en: Data }> {
  const [ru, en] = await Promise.all([import("emoji-picker-react/data/emojis-ru"), import("emoji-picker-react/data/emojis-en")]);
  // Each of the library's files declares the same enum anew.
  return { ru: ru.default as unknown as Data, en: en.default as unknown as Data };
}

export const russianEmoji: EmojiDataLoader = async () => {
  const { ru, en } = await both();
  return join(ru, en);
};

export const englishEmoji: EmojiDataLoader = async () => {
  const { ru, en } = await both();
  return join(en, ru);
};
