/** Header, connection bar, and the panes: both side by side, or on a phone one at a time. */
import clsx from "clsx";
import { MessageCircle } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Role } from "../api/types";
import { CheckButton, useCallPage } from "../features/calls";
import { ChatPane, Details, KeyHelp, Switcher } from "../features/chat";
import { NoticeSettings } from "../features/notifications";
import { useMe } from "../features/users";
import { navigate, useRoute, type Route } from "../lib/router";
import { useIsPhone } from "../lib/useMedia";
import { useHasRoomBeside } from "../ui/Drawer";
import { EmptyState } from "../ui/states";
import { ConnectionBar } from "./ConnectionBar";
import { Header } from "./Header";
import { openChat, useOpenPerson } from "./open";
import { PersonSheet } from "./PersonSheet";
import { Sidebar, type SidebarState } from "./Sidebar";
import { useCallBeside } from "./useCallBeside";
import { useDetails } from "./useDetails";
import { usePageKeys } from "./usePageKeys";

const AdminPage = lazy(() => import("../features/users/admin"));
const CallsAdmin = lazy(() => import("../features/calls/admin"));
const MailCard = lazy(() => import("../features/notifications/admin"));
const RecordingAdmin = lazy(() => import("../features/recordings/admin"));
const RecordingsPage = lazy(() => import("../features/recordings"));
const CheckPage = lazy(() => import("../features/calls/check"));
const ProfilePage = lazy(() => import("../features/users/profile"));

/** Right of the call; of the details there is room for nothing else beside them. */
const BESIDE = "ml-auto w-[min(420px,40vw)] border-l border-line [&_main:has(+aside)]:hidden [&_main+aside]:w-full";

/** A page of its own, in place of the panes; null for those who may not see it. */
function pageOf(route: Route, role: Role) {
  if (route.name === "profile") return <ProfilePage notices={<NoticeSettings />} connection={<CheckButton />} />;
  if (route.name === "check") return <CheckPage />;
  if (route.name === "recordings") return role === "compliance" ? <RecordingsPage {...route} /> : null;
  if (route.name !== "admin") return null;
  const others = { calls: <CallsAdmin section="calls" />, recording: <RecordingAdmin />, network: <CallsAdmin section="network" />, mail: <MailCard /> };
  if (role === "admin") return <AdminPage section={route.section ?? "users"} others={others} />;
  return role === "compliance" ? <AdminPage section="audit" /> : null;
}

function BarRoom() {
  return (
    <div className="safe-top shrink-0">
      <div className="h-16" />
    </div>
  );
}

export function Shell() {
  const { t } = useTranslation();
  const me = useMe();
  const route = useRoute();
  const phone = useIsPhone();
  const narrow = !useHasRoomBeside();
  const openId = route.name === "chat" ? route.conversationId : null;
  const page = pageOf(route, me.role);
  const home = (): void => navigate({ name: "home" });

  const [pane, setPane] = useState<SidebarState>({ tab: "chats", query: "" });
  const details = useDetails(openId);
  const person = useOpenPerson();
  const [over, setOver] = useState<"switcher" | "help" | null>(null);
  const { layout } = useCallPage();
  useCallBeside(route);
  const beside = layout === "beside";
  usePageKeys(openId, { over: setOver, search: () => details.show("search") });

  return (
    <>
      <div inert={layout === "full"} className={clsx("flex h-dvh flex-col", beside && BESIDE)}>
        {/* Under the bar of a call that was made small. */}
        {phone && layout === "small" && <BarRoom />}
        {!(phone && openId !== null) && !beside && <Header onHelp={() => setOver("help")} />}
        <ConnectionBar />
        {page !== null ? (
          <Suspense fallback={<div role="status" aria-label={t("app.loading")} className="flex-1" />}>{page}</Suspense>
        ) : (
          <div className="flex min-h-0 flex-1">
            {!phone && !beside && <Sidebar openId={openId} state={pane} onState={setPane} />}
            {phone && openId === null ? (
              <main className="flex min-h-0 w-full">
                <Sidebar openId={null} state={pane} onState={setPane} />
              </main>
            ) : (
              <main className="flex min-h-0 min-w-0 flex-1 flex-col bg-panel">
                {openId === null ? (
                  <EmptyState icon={<MessageCircle />}>{t("chat.choose")}</EmptyState>
                ) : (
                  <ChatPane
                    key={openId}
                    conversationId={openId}
                    seq={route.name === "chat" ? route.seq : undefined}
                    onBack={home}
                    onDetails={details.show}
                  />
                )}
              </main>
            )}
            {openId !== null && details.view !== null && (
              <Details
                conversationId={openId}
                view={details.view}
                onView={details.show}
                onClose={() => details.show(null)}
                onPerson={person}
                onJump={(conversationId, seq) => {
                  // Over the chat it would hide what was found.
                  if (narrow) details.show(null);
                  navigate({ name: "chat", conversationId, seq });
                }}
                onLeft={home}
              />
            )}
          </div>
        )}
      </div>
      <PersonSheet />
      {over === "switcher" && <Switcher openId={openId} onChat={openChat} onPerson={person} onClose={() => setOver(null)} />}
      {over === "help" && <KeyHelp onClose={() => setOver(null)} />}
    </>
  );
}
