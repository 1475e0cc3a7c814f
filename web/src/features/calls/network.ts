/** Says when the computer may have moved to another network: then old ways to the other side are worth nothing. */

/** `navigator.connection`, where a browser has it; most name no type. */
interface NetworkInformation extends EventTarget {
  readonly type?: string;
}

/** Until the returned function is called. */
export function watchNetwork(changed: () => void): () => void {
  const { connection } = navigator as Navigator & { connection?: NetworkInformation };
  let type = connection?.type;
  // It also speaks whenever the browser estimates the speed anew.
  const moved = (): void => {
    if (connection?.type === type) return;
    type = connection?.type;
    changed();
  };
  addEventListener("online", changed);
  connection?.addEventListener("change", moved);
  return () => {
    removeEventListener("online", changed);
    connection?.removeEventListener("change", moved);
  };
}
