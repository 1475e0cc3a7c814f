/** What admins manage, in sections: staff, calls, recording, network, files, mail, and the audit log, which compliance officers see too. */
import clsx from "clsx";
import { ArrowLeft, AudioLines, FolderOpen, Mail, Network, Phone, ScrollText, Users, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ADMIN_SECTIONS, navigate, pathOf, type AdminSection } from "../../../lib/router";
import { IconButton } from "../../../ui/Button";
import { useMe } from "../session";
import { AuditCard } from "./audit/AuditCard";
import { UploadsCard } from "./UploadsCard";
import { UsersCard } from "./UsersCard";

const ICONS: Record<AdminSection, LucideIcon> = {
  users: Users,
  calls: Phone,
  recording: AudioLines,
  network: Network,
  files: FolderOpen,
  mail: Mail,
  audit: ScrollText,
};

const CONTENT: Partial<Record<AdminSection, ReactNode>> = { users: <UsersCard />, files: <UploadsCard />, audit: <AuditCard /> };

export interface AdminPageProps {
  section: AdminSection;
  /** The content of sections that other features own. */
  others?: Partial<Record<AdminSection, ReactNode>>;
}

export function AdminPage({ section, others }: AdminPageProps) {
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
        {others?.[section] ?? CONTENT[section]}
      </div>
    </main>
  );
}

/** Links, not tabs: each section has its address. */
function SectionLinks({ open }: { open: AdminSection }) {
  const { t } = useTranslation();
  return (
    <nav aria-label={t("adminSections.label")} className="-mx-3 overflow-x-auto px-3 md:mx-0 md:px-0">
      <ul className="flex w-max min-w-full gap-0.5 rounded-2xl sm:gap-1 border border-line bg-page p-1 sm:min-w-0">
        {ADMIN_SECTIONS.map((section) => (
          <li key={section} className="flex-1">
            <a
              href={pathOf({ name: "admin", section })}
              aria-current={section === open ? "page" : undefined}
              onClick={(event) => {
                event.preventDefault();
                navigate({ name: "admin", section });
              }}
              className={clsx(
                "flex min-h-11 items-center justify-center gap-2 rounded-xl px-1.5 text-sm font-medium sm:px-3 sm:text-base outline-offset-[-2px] transition md:min-h-10",
                section === open ? "bg-accent-soft text-accent" : "text-muted hover:bg-panel hover:text-text",
              )}
            >
              <SectionIcon section={section} />
              {t(`adminSections.${section}`)}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function SectionIcon({ section }: { section: AdminSection }) {
  const Icon = ICONS[section];
  return <Icon size={18} aria-hidden className="max-sm:hidden" />;
}
