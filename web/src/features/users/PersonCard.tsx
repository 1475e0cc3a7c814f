/** All about one person: picture, role, presence, how to reach them. */
import clsx from "clsx";
import { AtSign, Mail, X } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Presence, User } from "../../api/types";
import { useNow } from "../../lib/useNow";
import { useStore } from "../../lib/useStore";
import { Avatar } from "../../ui/Avatar";
import { IconButton } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { RoleBadge, usePresenceWords } from "./PersonLine";
import { usePresence, useUser } from "./people";
import { showPerson, shownPerson } from "./shownPerson";

export interface PersonCardProps {
  /** What can be done with them; writing and calling belong to other features. */
  actions: (user: User, close: () => void) => ReactNode;
}

/** The card of the person that [`showPerson`] was called with. */
export function PersonCard({ actions }: PersonCardProps) {
  const id = useStore(shownPerson);
  const user = useUser(id ?? undefined);
  if (user === undefined) return null;
  return <Card key={user.id} user={user} actions={actions} />;
}

function Card({ user, actions }: PersonCardProps & { user: User }) {
  const { t } = useTranslation();
  const words = usePresenceWords();
  const seen = usePresence(user.id);
  const now = useNow(60_000);
  const active = user.deactivated_at == null;
  const close = (): void => showPerson(null);
  return (
    <Dialog label={t("people.about", { name: user.name })} onClose={close} className="w-[22rem] max-w-[92vw]">
      <div className="relative flex flex-col items-center gap-1 px-6 pt-8 pb-6 text-center">
        <IconButton label={t("app.close")} onClick={close} className="absolute top-2 right-2 text-muted hover:bg-panel">
          <X size={20} />
        </IconButton>
        <Avatar
          id={user.id}
          name={user.name}
          picture={user.picture ?? null}
          size="xl"
          className={active ? "" : "grayscale"}
        />
        <h2 className="mt-3 text-xl leading-7 font-semibold wrap-anywhere">{user.name}</h2>
        <RoleBadge role={user.role} always />
        <p className="mt-1 flex items-center gap-1.5 text-sm text-muted">
          {active && <PresenceDot presence={seen.presence} />}
          {words(user, seen, now)}
        </p>
        <div className="mt-4 flex w-full flex-wrap justify-center gap-2">{actions(user, close)}</div>
        <dl className="mt-5 flex w-full flex-col gap-1 border-t border-line pt-4 text-left">
          <Fact icon={<Mail size={18} aria-hidden />} name={t("admin.email")}>
            <a href={`mailto:${user.email}`} className="text-accent hover:underline">
              {user.email}
            </a>
          </Fact>
          <Fact icon={<AtSign size={18} aria-hidden />} name={t("admin.login")}>
            {user.login}
          </Fact>
        </dl>
      </div>
    </Dialog>
  );
}

/** Beside the words, and told apart by shape as well as by colour. */
function PresenceDot({ presence }: { presence: Presence }) {
  if (presence === "offline") return null;
  return (
    <span
      aria-hidden="true"
      className={clsx("size-2.5 rounded-full", presence === "online" ? "bg-online" : "border-[3px] border-away")}
    />
  );
}

function Fact({ icon, name, children }: { icon: ReactNode; name: string; children: ReactNode }) {
  return (
    <div className="flex min-h-11 items-center gap-3">
      <span className="text-muted">{icon}</span>
      <span className="min-w-0">
        <dt className="text-xs text-muted">{name}</dt>
        <dd className="m-0 wrap-anywhere">{children}</dd>
      </span>
    </div>
  );
}
