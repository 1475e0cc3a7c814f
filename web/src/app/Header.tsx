/** The gradient header: the name, and the menu of the one who is signed in. */
import { AudioLines, CircleUserRound, Headphones, Keyboard, LogOut, ScrollText, Settings, Stethoscope } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useCallPage } from "../features/calls";
import { useDrafts, useOutbox } from "../features/chat";
import { useUploads } from "../features/files";
import { AllowButton } from "../features/notifications";
import { LookSettings, RoleBadge, useMe, useSignOut } from "../features/users";
import { navigate, type Route } from "../lib/router";
import { Avatar } from "../ui/Avatar";
import { Logo } from "../ui/Logo";
import { Popover } from "../ui/Popover";

export function Header({ onHelp }: { onHelp: () => void }) {
  const { t } = useTranslation();
  const me = useMe();
  return (
    <header className="safe-top safe-x z-30 shrink-0 bg-gradient-header text-white">
      <div className="flex h-14 items-center px-4">
        <h1 className="m-0">
          <a
            href="/"
            onClick={(event) => {
              event.preventDefault();
              navigate({ name: "home" });
            }}
            className="flex min-h-11 items-center rounded-lg focus-visible:outline-white"
          >
            <Logo />
          </a>
        </h1>
        <span className="ml-auto" />
        <Popover
          label={t("app.mainMenu", { name: me.name })}
          buttonClassName="grid size-11 place-items-center rounded-full focus-visible:outline-white"
          panelClassName="top-full right-0 mt-1 w-72"
          button={<Avatar id={me.id} name={me.name} picture={me.picture} size="md" className="rounded-full ring-2 ring-white/80" />}
        >
          {(close) => <Menu close={close} onHelp={onHelp} />}
        </Popover>
      </div>
    </header>
  );
}

const ITEM = "flex min-h-11 w-full items-center gap-3 rounded-xl px-3 text-left hover:bg-panel";

function Menu({ close, onHelp }: { close: () => void; onHelp: () => void }) {
  const { t } = useTranslation();
  const { showPanel } = useCallPage();
  const me = useMe();
  const go = (route: Route): void => {
    close();
    navigate(route);
  };
  return (
    <div className="flex flex-col gap-3 p-3">
      <div className="px-1 pt-1">
        <p className="flex items-center gap-2 font-semibold">
          <span className="wrap-anywhere">{me.name}</span> <RoleBadge role={me.role} />
        </p>
        <p className="text-sm wrap-anywhere text-muted">{me.login}</p>
      </div>
      <LookSettings />
      <div className="border-t border-line pt-2">
        <button type="button" className={ITEM} onClick={() => go({ name: "profile" })}>
          <CircleUserRound size={18} aria-hidden /> {t("profile.title")}
        </button>
        <button
          type="button"
          className={ITEM}
          onClick={() => {
            close();
            showPanel(true);
          }}
        >
          <Headphones size={18} aria-hidden /> {t("call.devices")}
        </button>
        <button type="button" className={ITEM} onClick={() => go({ name: "check" })}>
          <Stethoscope size={18} aria-hidden /> {t("call.check")}
        </button>
        <AllowButton className={ITEM} />
        {me.role === "admin" && (
          <button type="button" className={ITEM} onClick={() => go({ name: "admin" })}>
            <Settings size={18} aria-hidden /> {t("settings.admin")}
          </button>
        )}
        {me.role === "compliance" && (
          <>
            <button type="button" className={ITEM} onClick={() => go({ name: "recordings" })}>
              <AudioLines size={18} aria-hidden /> {t("settings.recordings")}
            </button>
            <button type="button" className={ITEM} onClick={() => go({ name: "admin", section: "audit" })}>
              <ScrollText size={18} aria-hidden /> {t("settings.audit")}
            </button>
          </>
        )}
        <button
          type="button"
          className={`${ITEM} pointer-coarse:hidden`}
          onClick={() => {
            close();
            onHelp();
          }}
        >
          <Keyboard size={18} aria-hidden /> {t("switcher.help")}
        </button>
        <SignOutButton />
      </div>
    </div>
  );
}

function SignOutButton() {
  const { t } = useTranslation();
  const outbox = useOutbox();
  const uploads = useUploads();
  const drafts = useDrafts();
  const signOut = useSignOut();
  return (
    <button
      type="button"
      className={ITEM}
      disabled={signOut.isPending}
      onClick={() =>
        signOut.mutate(undefined, {
          onSuccess: () => {
            outbox.clear();
            void uploads.clear();
            drafts.clear();
            navigate({ name: "home" }, "replace");
          },
        })
      }
    >
      <LogOut size={18} aria-hidden /> {t("settings.signOut")}
    </button>
  );
}
