/** Named timeouts: setting one anew replaces it, and all can be cleared at once, so that none outlives its owner. */
export class Timers<Name extends string> {
  readonly #running = new Map<Name, ReturnType<typeof setTimeout>>();

  set(name: Name, ms: number, then: () => void): void {
    this.clear(name);
    const run = (): void => {
      this.#running.delete(name);
      then();
    };
    this.#running.set(name, setTimeout(run, ms));
  }

  has(name: Name): boolean {
    return this.#running.has(name);
  }

  /** Without names: all. */
  clear(...names: Name[]): void {
    for (const name of names.length > 0 ? names : [...this.#running.keys()]) {
      clearTimeout(this.#running.get(name));
      this.#running.delete(name);
    }
  }
}
