/** Header, connection bar, and the panes: both side by side, or on a phone one at a time. */
import { MessageCircle } from "lucide-react";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { ChatPane } from "../features/chat";
import { useMe } from "../features/users";
import { navigate, useRoute } from "../lib/router";
import { useIsPhone } from "../lib/useMedia";
import { EmptyState } from "../ui/states";
import { ConnectionBar } from "./ConnectionBar";
import { Header } from "./Header";
import { Sidebar } from "./Sidebar";

const AdminPage = lazy(() => import("../features/users/admin"));

export function Shell() {
  const { t } = useTranslation();
  const me = useMe();
  const route = useRoute();
  const phone = useIsPhone();
  const openId = route.name === "chat" ? route.conversationId : null;
  const admin = route.name === "admin" && me.role === "admin";
  const home = (): void => navigate({ name: "home" });

  return (
    <div className="flex h-dvh flex-col">
      {!(phone && openId !== null) && <Header />}
      <ConnectionBar />
      {admin ? (
        <Suspense fallback={<div role="status" aria-label={t("app.loading")} className="flex-1" />}>
          <AdminPage />
        </Suspense>
      ) : (
        <div className="flex min-h-0 flex-1">
          {!phone && <Sidebar openId={openId} />}
          {phone && openId === null ? (
            <main className="flex min-h-0 w-full">
              <Sidebar openId={null} />
            </main>
          ) : (
            <main className="flex min-h-0 min-w-0 flex-1 flex-col bg-panel">
              {openId === null ? (
                <EmptyState icon={<MessageCircle />}>{t("chat.choose")}</EmptyState>
              ) : (
                <ChatPane key={openId} conversationId={openId} seq={route.name === "chat" ? route.seq : undefined} onBack={home} />
              )}
            </main>
          )}
        </div>
      )}
    </div>
  );
}
