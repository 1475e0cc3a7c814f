/** How loud the chosen microphone is, while somebody looks. In a call it listens to the call's own track: some browsers give a microphone once. */
import { useEffect, useState } from "react";
import { useStore } from "../../lib/useStore";
import type { Choices } from "./choices";
import type { Calls } from "./calls";
import { useCalls } from "./context";
import { captureMicrophone, mediaError } from "./media";
import type { CallView } from "./view";

/** Nothing yet, nothing for long, or somebody speaks. */
export type Heard = "asking" | "listening" | "silent" | "heard";

const LOOK_MS = 60;
/** The quietest that counts as a voice and not as the hiss of a microphone, as a share of the loudest possible. */
const VOICE = 0.015;
/** One has read the panel and said something by then. */
const SILENT_AFTER_MS = 5_000;

export interface MicrophoneLevel {
  heard: Heard;
  /** 0 to 1. */
  level: number;
  error: CallView["mediaError"];
}

const NOTHING: MicrophoneLevel = { heard: "asking", level: 0, error: null };

export function useMicrophoneLevel(): MicrophoneLevel {
  const calls = useCalls();
  const { microphone, noiseSuppression, echoCancellation, autoGainControl } = useStore(calls.choices.chosen);
  const [seen, setSeen] = useState(NOTHING);
  useEffect(() => {
    const choices = { ...calls.choices.chosen.get(), microphone, noiseSuppression, echoCancellation, autoGainControl };
    return listen(calls, choices, setSeen);
  }, [calls, microphone, noiseSuppression, echoCancellation, autoGainControl]);
  return seen;
}

/** A copy is louder or quieter as the original, and stays on while the original is muted. */
function copyOfCall(calls: Calls): MediaStreamTrack | null {
  const sender = calls.connection?.getSenders().find(({ track }) => track?.kind === "audio");
  const copy = sender?.track?.readyState === "live" ? sender.track.clone() : null;
  if (copy !== null) copy.enabled = true;
  return copy;
}

async function open(calls: Calls, choices: Choices): Promise<MediaStreamTrack> {
  const copy = copyOfCall(calls);
  if (copy !== null) return copy;
  // Missing in an insecure context, whatever its type says.
  const track = await captureMicrophone(navigator.mediaDevices as MediaDevices | undefined, choices);
  // Only now the devices have names.
  void calls.devices.refresh();
  return track;
}

function listen(calls: Calls, choices: Choices, tell: (seen: MicrophoneLevel) => void): () => void {
  let over = false;
  let stop = (): void => undefined;
  tell(NOTHING);
  open(calls, choices).then(
    (track) => {
      if (over) track.stop();
      else stop = measure(track, tell);
    },
    (error: unknown) => {
      const { code, cause_name } = mediaError(error);
      if (!over) tell({ ...NOTHING, error: { code, detail: cause_name, device: "microphone" } });
    },
  );
  return () => {
    over = true;
    stop();
  };
}

/** Of a track that is open already; null while there is none. */
export function useTrackLevel(track: MediaStreamTrack | null): MicrophoneLevel {
  const [seen, setSeen] = useState(NOTHING);
  useEffect(() => (track === null ? undefined : measure(track.clone(), setSeen)), [track]);
  return track === null ? NOTHING : seen;
}

/** Stops the track in the end. */
function measure(track: MediaStreamTrack, tell: (seen: MicrophoneLevel) => void): () => void {
  const context = new AudioContext();
  void context.resume().catch(() => undefined);
  const analyser = new AnalyserNode(context, { fftSize: 1024 });
  context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const since = performance.now();
  let heard: Heard = "listening";
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    const loudest = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    if (loudest > VOICE) heard = "heard";
    else if (heard === "listening" && performance.now() - since > SILENT_AFTER_MS) heard = "silent";
    // By feeling, not by figures: half of the bar is a quiet voice.
    tell({ heard, level: Math.min(1, Math.sqrt(loudest)), error: null });
  }, LOOK_MS);
  return () => {
    clearInterval(timer);
    track.stop();
    void context.close();
  };
}
