/** The paths of a call, in words and by sign. */
import { Lock, Server, type LucideIcon } from "lucide-react";
import type { CallPath } from "../../api/types";

export const PATHS = {
  direct: { icon: Lock, name: "call.pathDirect", why: "call.pathDirectWhy" },
  relayed: { icon: Lock, name: "call.pathRelayed", why: "call.pathRelayedWhy" },
  media_node: { icon: Server, name: "call.pathNode", why: "call.pathNodeWhy" },
} as const satisfies Record<CallPath, { icon: LucideIcon; name: string; why: string }>;
