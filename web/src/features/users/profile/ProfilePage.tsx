/** What one sets for oneself: picture, look, notices, password, and where one is signed in. */
import { ArrowLeft } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Settings } from "../../../api/types";
import { navigate } from "../../../lib/router";
import { IconButton } from "../../../ui/Button";
import { Card } from "../../../ui/Card";
import { Skeleton } from "../../../ui/states";
import { Switch } from "../../../ui/Switch";
import { LookSettings } from "../LookSettings";
import { useChangeSettings, useSettings } from "../settings";
import { Devices } from "./Devices";
import { OwnPicture } from "./OwnPicture";
import { PasswordForm } from "./PasswordForm";

/** `notices`: what this browser itself has to be asked for; `connection`: the way to its check. Other features know of both. */
export function ProfilePage({ notices, connection }: { notices?: ReactNode; connection?: ReactNode }) {
  const { t } = useTranslation();
  return (
    <main className="safe-x min-h-0 flex-1 overflow-y-auto bg-panel">
      <div className="mx-auto flex max-w-2xl flex-col gap-4 p-3 pb-10 md:p-6">
        <div className="flex items-center gap-1">
          <IconButton label={t("app.back")} onClick={() => navigate({ name: "home" })} className="hover:bg-line">
            <ArrowLeft size={22} />
          </IconButton>
          <h1 className="text-xl font-semibold">{t("profile.title")}</h1>
        </div>
        <OwnPicture />
        <Card title={t("profile.look")}>
          <div className="flex flex-col gap-4">
            <LookSettings />
          </div>
        </Card>
        <Card title={t("profile.notices")}>
          <NoticeSettings />
          {notices}
        </Card>
        {connection !== undefined && <Card title={t("profile.calls")}>{connection}</Card>}
        <PasswordForm />
        <Devices />
      </div>
    </main>
  );
}

const NOTICES = ["sound", "desktop_notices", "email_notices"] as const satisfies (keyof Settings)[];

function NoticeSettings() {
  const { t } = useTranslation();
  const { data } = useSettings();
  const change = useChangeSettings();
  if (data === undefined) return <Skeleton className="h-36" />;
  return (
    <div className="divide-y divide-line">
      {NOTICES.map((name) => (
        <Switch
          key={name}
          label={t(`profile.${name}`)}
          detail={t(`profile.${name}_detail`)}
          checked={data[name]}
          onChange={(on) => change({ [name]: on })}
        />
      ))}
    </div>
  );
}
