/** Places a hold on a conversation, or on all conversations of a person. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { holdConversations, type NewConversationHold } from "../../../api/archive";
import { Segmented } from "../../../ui/Segmented";
import { SelectField } from "../../../ui/SelectField";
import { useStaffOptions } from "../../users";
import { HoldForm, type PlacedHold } from "../detail/HoldForm";
import { useHolding } from "./useConversation";

type On = "conversation" | "person";

/** Without a conversation it is a person's. */
export function PlaceHold({ conversationId, onClose }: { conversationId?: string; onClose: () => void }) {
  const { t } = useTranslation();
  const staff = useStaffOptions();
  const [on, setOn] = useState<On>(conversationId === undefined ? "person" : "conversation");
  const [person, setPerson] = useState("");
  const [tried, setTried] = useState(false);
  const place = useHolding((hold: PlacedHold) => {
    const target: Partial<NewConversationHold> = on === "person" ? { user_id: person } : { conversation_id: conversationId ?? null };
    return holdConversations({ ...hold, ...target });
  }, t("archive.holds.placed"));
  const missing = on === "person" && person === "";
  return (
    <HoldForm title={t("archive.holds.placeTitle")} place={place} unfinished={missing} onTry={() => setTried(true)} onClose={onClose}>
      {conversationId !== undefined && (
        <Segmented<On>
          label={t("archive.holds.what")}
          value={on}
          options={(["conversation", "person"] as const).map((value) => ({ value, label: t(`archive.holds.${value}`) }))}
          onChange={setOn}
        />
      )}
      {on === "person" && (
        <SelectField
          label={t("archive.holds.whom")}
          hint={t("archive.holds.personHint")}
          none={t("archive.holds.choosePerson")}
          error={tried && missing ? t("archive.holds.choosePerson") : null}
          options={staff}
          value={person}
          onChange={(event) => setPerson(event.target.value)}
        />
      )}
    </HoldForm>
  );
}
