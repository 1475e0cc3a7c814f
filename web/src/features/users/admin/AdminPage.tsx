/** What admins manage, in sections: staff, calls, files, mail, and the audit log, which compliance officers see too. */
import clsx from "clsx";
import { ArrowLeft, FolderOpen, Mail, Phone, ScrollText, Users } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { navigate, pathOf, type AdminSection } from "../../../lib/router";
import { IconButton } from "../../../ui/Button";
import { useMe } from "../session";
import { AuditCard } from "./audit/AuditCard";
import { MediaCard } from "./MediaCard";
import { PathCard } from "./PathCard";
import { UploadsCard } from "./UploadsCard";
import { UsersCard } from "./UsersCard";

interface Section {
  icon: ReactNode;
  content: ReactNode;
}

const SECTIONS: Partial<Record<AdminSection, Section>> = {
  users: { icon: <Users size={18} aria-hidden />, content: <UsersCard /> },
  calls: {
    icon: <Phone size={18} aria-hidden />,
    content: (
      <>
        <PathCard />
        <MediaCard />
      </>
    ),
  },
  files: { icon: <FolderOpen size={18} aria-hidden />, content: <UploadsCard /> },
  // The page's own content comes from another feature.
  mail: { icon: <Mail size={18} aria-hidden />, content: null },
  audit: { icon: <ScrollText size={18} aria-hidden />, content: <AuditCard /> },
};

export function AdminPage({ section, mail }: { section: AdminSection; mail?: ReactNode }) {
  const { t } = useTranslation();
  const me = useMe();
  return (
    <main className="safe-x min-h-0 flex-1 overflow-y-auto bg-panel">
      <div className="mx-auto flex max-w-5xl flex-col gap-4 p-3 pb-10 md:p-6">
        <div className="flex items-center gap-1">
          <IconButton label={t("app.back")} onClick={() => navigate({ name: "home" })} className="hover:bg-line">
            <ArrowLeft size={22} />
          </IconButton>
          <h1 className="text-xl font-semibold">{me.role === "admin" ? t("admin.title") : t("audit.title")}</h1>
        </div>
        {me.role === "admin" && <SectionLinks open={section} />}
        {section === "mail" ? mail : SECTIONS[section]?.content}
      </div>
    </main>
  );
}

/** Links, not tabs: each section has its address. */
function SectionLinks({ open }: { open: AdminSection }) {
  const { t } = useTranslation();
  return (
    <nav aria-label={t("adminSections.label")} className="-mx-3 overflow-x-auto px-3 md:mx-0 md:px-0">
      <ul className="flex w-max min-w-full gap-1 rounded-2xl border border-line bg-page p-1 sm:min-w-0">
        {(Object.keys(SECTIONS) as AdminSection[]).map((section) => (
          <li key={section} className="flex-1">
            <a
              href={pathOf({ name: "admin", section })}
              aria-current={section === open ? "page" : undefined}
              onClick={(event) => {
                event.preventDefault();
                navigate({ name: "admin", section });
              }}
              className={clsx(
                "flex min-h-11 items-center justify-center gap-2 rounded-xl px-2.5 font-medium sm:px-3 outline-offset-[-2px] transition md:min-h-10",
                section === open ? "bg-accent-soft text-accent" : "text-muted hover:bg-panel hover:text-text",
              )}
            >
              <span className="max-sm:hidden">{SECTIONS[section]?.icon}</span>
              {t(`adminSections.${section}`)}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
