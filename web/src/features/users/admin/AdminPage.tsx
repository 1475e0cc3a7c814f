/** What admins manage: staff, the path of calls, the media node. */
import { ArrowLeft } from "lucide-react";
import { useTranslation } from "react-i18next";
import { navigate } from "../../../lib/router";
import { IconButton } from "../../../ui/Button";
import { MediaCard } from "./MediaCard";
import { PathCard } from "./PathCard";
import { UsersCard } from "./UsersCard";

export function AdminPage() {
  const { t } = useTranslation();
  return (
    <main className="safe-x min-h-0 flex-1 overflow-y-auto bg-panel">
      <div className="mx-auto flex max-w-5xl flex-col gap-4 p-3 pb-10 md:p-6">
        <div className="flex items-center gap-1">
          <IconButton label={t("app.back")} onClick={() => navigate({ name: "home" })} className="hover:bg-line">
            <ArrowLeft size={22} />
          </IconButton>
          <h1 className="text-xl font-semibold">{t("admin.title")}</h1>
        </div>
        <UsersCard />
        <PathCard />
        <MediaCard />
      </div>
    </main>
  );
}

