/** Everything that `getStats` knows of a running call and that helps to understand it, for the details panel. */

/** Of sound or picture, one way; null where the browser does not say, or nothing flows. */
export interface FlowDetails {
  /** Without the `audio/` or `video/`. */
  codec: string | null;
  kbps: number | null;
  lossPercent: number | null;
}

export interface PictureDetails extends FlowDetails {
  width: number | null;
  height: number | null;
  fps: number | null;
}

export interface Candidate {
  /** `host`, `srflx`, `prflx` or `relay`. */
  type: string;
  protocol: string;
}

export interface Details {
  soundIn: FlowDetails;
  soundOut: FlowDetails;
  pictureIn: PictureDetails;
  pictureOut: PictureDetails;
  screenIn: PictureDetails;
  screenOut: PictureDetails;
  roundTripMs: number | null;
  jitterMs: number | null;
  local: Candidate | null;
  remote: Candidate | null;
  /** The cipher of the media, e.g. `AEAD_AES_128_GCM`. */
  encryption: string | null;
}
