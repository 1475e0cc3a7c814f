/** Providers, and which page is shown. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Toaster } from "sonner";
import { ApiProvider, type Api } from "../api/context";
import { ApiError, codeOf } from "../api/http";
import { EventLog } from "../api/live";
import { getEvents } from "../api/routes";
import { browserWorld, Socket } from "../api/socket";
import { Invitation, SignIn, useSession } from "../features/users";
import { useRoute } from "../lib/router";
import { shownTheme } from "../lib/theme";
import { useStore } from "../lib/useStore";
import { ErrorState } from "../ui/states";
import { CrashGuard } from "./CrashGuard";
import { SignedIn } from "./SignedIn";

function makeCache(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // The socket says when something changed.
        refetchOnWindowFocus: false,
        refetchOnReconnect: false,
        networkMode: "always",
        retry: (failures, error) => failures < 2 && error instanceof ApiError && error.transient,
      },
      mutations: { networkMode: "always" },
    },
  });
}

function makeApi(): Api {
  const log = new EventLog();
  const socket = new Socket(browserWorld(getEvents));
  // First of all listeners: an applier must never see an event that the log has not.
  socket.listen({ event: (event) => log.push(event) });
  return { socket, log };
}

export function App() {
  const [cache] = useState(makeCache);
  const [api] = useState(makeApi);
  const theme = useStore(shownTheme);
  return (
    <CrashGuard>
      <QueryClientProvider client={cache}>
        <ApiProvider value={api}>
          <Pages />
          <Toaster theme={theme} position="top-center" offset={{ top: 72 }} mobileOffset={{ top: "var(--toast-top-phone)" }} />
        </ApiProvider>
      </QueryClientProvider>
    </CrashGuard>
  );
}

function Pages() {
  const { t } = useTranslation();
  const route = useRoute();
  const session = useSession();
  const invited = route.name === "invitation";
  const signedIn = session.data != null;
  useEffect(() => {
    // Of one who is signed in it says how much is unread.
    if (!signedIn) document.title = t("app.name");
  }, [t, signedIn]);

  if (invited) return <Invitation />;
  if (session.isPending) return <div role="status" aria-label={t("app.loading")} className="h-dvh" />;
  if (session.isError) {
    return (
      <div className="flex h-dvh">
        <ErrorState
          title={t("app.failed")}
          detail={t("app.failedDetail", { code: codeOf(session.error) })}
          retry={t("app.retry")}
          onRetry={() => void session.refetch()}
        />
      </div>
    );
  }
  return session.data === null ? <SignIn /> : <SignedIn key={session.data.id} me={session.data.id} />;
}
