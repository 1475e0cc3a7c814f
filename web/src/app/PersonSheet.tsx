/** The card of a person, with what the other features can do with them. */
import { MessageCircle, Pencil, Phone, Video } from "lucide-react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { codeOf } from "../api/http";
import type { CallKind, User } from "../api/types";
import { useCalls, useCanCall } from "../features/calls";
import { useOpenDirect } from "../features/chat";
import { PersonCard, useMe } from "../features/users";
import { useErrorWords } from "../i18n/errorWords";
import { navigate } from "../lib/router";
import { Button } from "../ui/Button";

export function PersonSheet() {
  return <PersonCard actions={(user, close) => <Actions user={user} close={close} />} />;
}

function Actions({ user, close }: { user: User; close: () => void }) {
  const { t } = useTranslation();
  const words = useErrorWords();
  const me = useMe();
  const openDirect = useOpenDirect();
  const calls = useCalls();
  const able = useCanCall();
  if (user.id === me.id) {
    const edit = (): void => {
      close();
      navigate({ name: "profile" });
    };
    return (
      <Button icon={<Pencil size={18} />} onClick={edit}>
        {t("profile.edit")}
      </Button>
    );
  }
  if (user.deactivated_at != null) return null;
  const write = (): void =>
    openDirect.mutate(user.id, {
      onSuccess: ({ id }) => {
        close();
        navigate({ name: "chat", conversationId: id });
      },
      onError: (error) => void toast.error(words(codeOf(error))),
    });
  const call = (kind: CallKind): void => {
    close();
    void calls.call(user.id, kind);
  };
  return (
    <>
      <Button look="primary" icon={<MessageCircle size={18} />} busy={openDirect.isPending} onClick={write}>
        {t("people.write")}
      </Button>
      <Button icon={<Phone size={18} />} disabled={!able} aria-label={t("call.callAudio")} title={t("call.callAudio")} onClick={() => call("audio")} />
      <Button icon={<Video size={20} />} disabled={!able} aria-label={t("call.callVideo")} title={t("call.callVideo")} onClick={() => call("video")} />
    </>
  );
}
