/** Everything of the chat that is, or was, on hold. */
import { useQuery } from "@tanstack/react-query";
import { Lock } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { getConversationHolds } from "../../../api/archive";
import { codeOf } from "../../../api/http";
import { Button } from "../../../ui/Button";
import { Card } from "../../../ui/Card";
import { ErrorState, Skeleton } from "../../../ui/states";
import { HoldList } from "./HoldList";
import { PlaceHold } from "./PlaceHold";
import { HOLDS_KEY } from "./useConversation";

export function AllHoldsCard() {
  const { t } = useTranslation();
  const [placing, setPlacing] = useState(false);
  const list = useQuery({ queryKey: HOLDS_KEY, queryFn: getConversationHolds, staleTime: Infinity, gcTime: 0 });
  return (
    <Card title={t("archive.holds.all")} action={<Button icon={<Lock size={17} aria-hidden />} onClick={() => setPlacing(true)}>{t("archive.holds.placePerson")}</Button>}>
      {list.isPending && <Skeleton className="h-12" />}
      {list.isError && (
        <ErrorState title={t("app.failed")} detail={t("app.failedDetail", { code: codeOf(list.error) })} retry={t("app.retry")} onRetry={() => void list.refetch()} />
      )}
      {list.isSuccess && (list.data.length === 0 ? <p className="text-sm text-muted">{t("archive.holds.allNone")}</p> : <HoldList holds={list.data} links />)}
      {placing && <PlaceHold onClose={() => setPlacing(false)} />}
    </Card>
  );
}
