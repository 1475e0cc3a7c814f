/** Holds on conversations and people: those that last first, each with what it is on, and how it is released. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { releaseConversations, type ConversationHold } from "../../../api/archive";
import { navigate, pathOf } from "../../../lib/router";
import { Confirm } from "../../../ui/Confirm";
import { useNameOf } from "../../users";
import { HoldRow } from "../detail/HoldsCard";
import { useHolding } from "./useConversation";

export function HoldList({ holds, links = false }: { holds: readonly ConversationHold[]; links?: boolean }) {
  const { t } = useTranslation();
  const [asked, setAsked] = useState<ConversationHold | null>(null);
  const release = useHolding(releaseConversations, t("recordings.holds.releasedDone"));
  const ordered = [...holds].sort((a, b) => Number(a.released_at != null) - Number(b.released_at != null));
  return (
    <>
      <ul className="divide-y divide-line">
        {ordered.map((hold) => (
          <HoldRow key={hold.id} hold={hold} about={<About hold={hold} link={links} />} onRelease={() => setAsked(hold)} />
        ))}
      </ul>
      {asked !== null && (
        <Confirm
          title={t("recordings.holds.releaseAsk")}
          detail={t("archive.holds.releaseDetail")}
          action={t("recordings.holds.release")}
          busy={release.isPending}
          onConfirm={() => release.mutate(asked.id, { onSettled: () => setAsked(null) })}
          onClose={() => setAsked(null)}
        />
      )}
    </>
  );
}

function About({ hold: { conversation_id: id, user_id, messages }, link }: { hold: ConversationHold; link: boolean }) {
  const { t } = useTranslation();
  const nameOf = useNameOf();
  const what = user_id != null ? t("archive.holds.onPerson", { name: nameOf(user_id) }) : t("archive.holds.onConversation");
  const route = id != null && link ? ({ name: "recordings", list: "conversations", id } as const) : null;
  return (
    <p className="text-sm text-muted">
      {what} · {t("archive.holds.counted", { count: messages })}
      {route !== null && (
        <>
          {" · "}
          <a
            href={pathOf(route)}
            onClick={(event) => {
              event.preventDefault();
              navigate(route);
            }}
            className="font-medium text-accent hover:underline"
          >
            {t("archive.holds.toConversation")}
          </a>
        </>
      )}
    </p>
  );
}
