/** Which rule the server refused. */
import { ApiError } from "../../../../api/http";

/** Its place among those that were sent, from 0; null if no rule is meant. */
export function refusedRule(error: Error | null): number | null {
  const at = error instanceof ApiError ? error.at : null;
  const found = /^rules\[(\d+)\]/u.exec(at ?? "");
  return found === null ? null : Number(found[1]);
}
