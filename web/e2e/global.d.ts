/** The page's debugging aid, as `docs/testing-webrtc.md` describes it. */
declare global {
  interface Window {
    stafflineCall?: () => RTCPeerConnection | null;
  }
}
export {};
