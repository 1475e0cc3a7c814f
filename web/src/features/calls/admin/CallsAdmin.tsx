/** The two sections of the administration that are about calls. */
import { NetworkSection } from "./network/NetworkSection";
import { PolicySection } from "./policy/PolicySection";

export function CallsAdmin({ section }: { section: "calls" | "network" }) {
  return section === "calls" ? <PolicySection /> : <NetworkSection />;
}
