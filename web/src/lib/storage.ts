/** localStorage that may be forbidden or full: then things are simply not remembered. */
export function remember(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Private windows and full disks: the page works without memory.
  }
}

export function recall(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** All entries whose key begins with the prefix. */
export function recallAll(prefix: string): [key: string, value: string][] {
  try {
    return Object.keys(localStorage)
      .filter((key) => key.startsWith(prefix))
      .map((key): [string, string] => [key, localStorage.getItem(key) ?? ""]);
  } catch {
    return [];
  }
}
