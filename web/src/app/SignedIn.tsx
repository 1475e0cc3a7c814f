/** Everything of a signed-in user: the socket runs as long as this is mounted. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { useApi, useSocketListener } from "../api/context";
import { ApiError } from "../api/http";
import type { SocketListener } from "../api/socket";
import { CallPageProvider, CallProvider, RecordingStrip } from "../features/calls";
import { ChatProvider } from "../features/chat";
import { FilesProvider, QuietInCalls } from "../features/files";
import { Notices } from "../features/notifications";
import { SESSION_KEY, useSettingsFeed, useUsersFeed } from "../features/users";
import { OnTop } from "../ui/onTop";
import { Calls } from "./Calls";
import { Shell } from "./Shell";
import { useOwnPresence } from "./useOwnPresence";

export function SignedIn({ me }: { me: string }) {
  const { socket } = useApi();
  useUsersFeed();
  useSettingsFeed();
  useSessionWatch();
  useOwnPresence();
  useEffect(() => {
    socket.start();
    return () => socket.stop();
  }, [socket]);
  return (
    <FilesProvider me={me}>
      <ChatProvider me={me}>
        <CallProvider me={me}>
          <CallPageProvider>
            <OnTop value={<RecordingStrip />}>
              <Shell />
              <Notices />
              <Calls />
              <QuietInCalls />
            </OnTop>
          </CallPageProvider>
        </CallProvider>
      </ChatProvider>
    </FilesProvider>
  );
}

/** A session that ended elsewhere (signed out, deactivated, expired) leads to sign-in. */
function useSessionWatch(): void {
  const cache = useQueryClient();
  useSocketListener(
    useMemo<SocketListener>(
      () => ({
        failed: (error) => {
          if (error instanceof ApiError && error.status === 401) void cache.invalidateQueries({ queryKey: SESSION_KEY });
        },
      }),
      [cache],
    ),
  );
}
