/** How long at most neither sound nor picture of the other side was new, as the page plays and shows them, whatever connection they come by. */
import type { Page } from '@playwright/test';

declare global {
  interface Window {
    gaps?: { reset(): void; longest(): { sound: number; picture: number } };
  }
}

/** Looks at what plays: the elements on the screen, and of their tracks the receivers that feed them. Loads the page anew. */
export async function watchGaps(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const connections = new Set<RTCPeerConnection>();
    const Native = RTCPeerConnection;
    window.RTCPeerConnection = class extends Native {
      constructor(configuration?: RTCConfiguration) {
        super(configuration);
        connections.add(this);
      }
    };
    let longest = { sound: 0, picture: 0 };
    let [soundAt, pictureAt] = [0, 0];
    const note = (what: 'sound' | 'picture', before: number, now: number): void => {
      if (before > 0) longest[what] = Math.max(longest[what], now - before);
    };
    const listen = (): void => {
      const stream = document.querySelector('audio')?.srcObject;
      const track = stream instanceof MediaStream ? stream.getAudioTracks()[0] : undefined;
      const receivers = [...connections].flatMap((connection) => (connection.connectionState === 'closed' ? [] : connection.getReceivers()));
      const played = receivers.find((one) => one.track === track)?.getSynchronizationSources()[0]?.timestamp;
      if (played === undefined || played <= soundAt) return;
      note('sound', soundAt, played);
      soundAt = played;
    };
    setInterval(listen, 5);
    const seen = new WeakSet<HTMLVideoElement>();
    const look = (video: HTMLVideoElement): void => {
      video.requestVideoFrameCallback((now) => {
        note('picture', pictureAt, now);
        pictureAt = now;
        look(video);
      });
    };
    setInterval(() => {
      const video = document.querySelector<HTMLVideoElement>('video[aria-label^="Video of"]');
      if (video === null || seen.has(video)) return;
      seen.add(video);
      look(video);
    }, 20);
    window.gaps = {
      reset: () => { longest = { sound: 0, picture: 0 }; },
      longest: () => ({ sound: Math.round(longest.sound), picture: Math.round(longest.picture) }),
    };
  });
  await page.reload();
}
