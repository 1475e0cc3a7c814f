/**
 * The token of an invitation link. It stands in the fragment, which browsers send to no server and in no Referer; from here it
 * goes only into the body of the two requests that need it.
 */
export function tokenFrom(hash: string): string | null {
  const token = hash.replace(/^#/u, "");
  return /^[\w-]{16,256}$/u.test(token) ? token : null;
}
