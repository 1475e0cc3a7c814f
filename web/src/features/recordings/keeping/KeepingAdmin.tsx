/** What admins decide: which calls are recorded, how long recordings and messages are kept. */
import { PolicySection } from "../policy/PolicySection";
import { ChatRetentionCard } from "./ChatRetentionCard";

export function KeepingAdmin() {
  return (
    <>
      <PolicySection />
      <ChatRetentionCard />
    </>
  );
}
