/** Everything that `getStats` knows of a running call and that helps to understand it, for the details panel. */
import type { FlowSample, Line, Sample } from "./sample";


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
  /** On the way out of this computer: `udp`, `tcp` or `tls`. */
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

const NO_FLOW: PictureDetails = { codec: null, kbps: null, lossPercent: null, width: null, height: null, fps: null };

export function describe(now: Sample, before: Sample | null): Details {
  const seconds = before === null ? 0 : (now.at - before.at) / 1000;
  const flow = (is: FlowSample | undefined, was: FlowSample | undefined): PictureDetails => {
    if (is === undefined) return NO_FLOW;
    const kbps = seconds > 0 && was !== undefined ? ((is.bytes - was.bytes) * 8) / 1000 / seconds : null;
    const [came, lost] = [is.packets - (was?.packets ?? 0), Math.max(0, is.lost - (was?.lost ?? 0))];
    const missing = came + lost > 0 ? (100 * lost) / (came + lost) : null;
    const flows = kbps !== null && kbps > 0;
    return {
      codec: is.codec,
      kbps: kbps === null ? null : Math.max(0, Math.round(kbps)),
      lossPercent: is.lossPercent ?? missing,
      // The browser goes on naming the size of a picture that no longer comes.
      width: flows ? is.width : null,
      height: flows ? is.height : null,
      fps: flows ? is.fps : null,
    };
  };
  const one = (way: "inbound" | "outbound", line: Line): PictureDetails => flow(now[way][line], before?.[way][line]);
  return {
    soundIn: one("inbound", "sound"),
    soundOut: one("outbound", "sound"),
    pictureIn: one("inbound", "picture"),
    pictureOut: one("outbound", "picture"),
    screenIn: one("inbound", "screen"),
    screenOut: one("outbound", "screen"),
    roundTripMs: now.roundTripMs,
    jitterMs: rounded(now.inbound.sound?.jitterMs),
    local: now.local,
    remote: now.remote,
    encryption: now.encryption,
  };
}

const rounded = (value: number | null | undefined): number | null => (value == null ? null : Math.round(value));
