/** A fresh key nobody can guess. `crypto.randomUUID` exists in secure contexts only; the page must also work over plain http in a LAN. */
export function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
