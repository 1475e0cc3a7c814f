/** A list that is put in order by hand: each entry keeps its key while it moves or changes. Pure. */
export interface Keyed {
  key: number;
}

/** One place up or down; at either end it stays where it is. */
export function moved<T extends Keyed>(list: readonly T[], key: number, by: -1 | 1): readonly T[] {
  const at = list.findIndex((one) => one.key === key);
  const [one, other] = [list[at], list[at + by]];
  if (one === undefined || other === undefined) return list;
  return list.map((old, i) => (i === at ? other : i === at + by ? one : old));
}
