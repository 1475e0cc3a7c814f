/** One day of a chat, under its separator. */
import clsx from "clsx";
import type { User } from "../../api/types";
import { Avatar } from "../../ui/Avatar";
import { Bubble } from "./Bubble";
import { CallCard } from "./CallCard";
import type { Day, Entry } from "./timeline";

export function DayEntries({ day, name, peer }: { day: Day; name: string; peer: User }) {
  return (
    <section aria-label={name} className="flex flex-col">
      <p className="sticky top-2 z-10 my-2 self-center rounded-full border border-line bg-raised px-3 py-0.5 text-xs leading-5 font-medium text-muted shadow-soft">
        {name}
      </p>
      {day.entries.map((entry) => (
        <Row key={entry.key} entry={entry} peer={peer} />
      ))}
    </section>
  );
}

/** One avatar for each group of the other's messages, beside its last. */
function Row({ entry, peer }: { entry: Entry; peer: User }) {
  const grouped = entry.kind === "text" && !entry.first;
  const avatar = !entry.own && (entry.kind === "call" || entry.last);
  return (
    <div className={clsx("flex items-end gap-2", grouped ? "mt-0.5" : "mt-2.5")}>
      {!entry.own && (
        <span className="w-8 shrink-0">{avatar && <Avatar id={peer.id} name={peer.name} size="sm" />}</span>
      )}
      <div className="flex min-w-0 flex-1 flex-col">
        {entry.kind === "text" ? <Bubble entry={entry} /> : <CallCard entry={entry} peerId={peer.id} />}
      </div>
    </div>
  );
}
