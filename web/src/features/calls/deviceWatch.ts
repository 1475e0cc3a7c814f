/** Notices, while a call runs, that devices come and go and that others are chosen; says which of them to open anew. */
import type { Choices, DeviceChoices } from "./choices";
import type { DeviceList, Devices, ListedDevice } from "./deviceList";
import type { DeviceNotice } from "./view";

export interface DeviceWatchEvents {
  /** Another one is chosen, or the sound is to be treated otherwise. */
  rechosen(kind: "microphone" | "camera"): void;
  /** One has been plugged in that was chosen before. */
  back(kind: "microphone" | "camera", device: ListedDevice): void;
  notice(notice: DeviceNotice): void;
}

/** What needs the microphone to be opened anew. */
const SOUND: (keyof Choices)[] = ["microphone", "noiseSuppression", "echoCancellation", "autoGainControl"];

const find = (list: ListedDevice[], id: string | null): ListedDevice | undefined => list.find((device) => device.id === id);

/** Until the returned function is called. */
export function watchDevices(choices: DeviceChoices, list: DeviceList, events: DeviceWatchEvents): () => void {
  let chosen = choices.chosen.get();
  let devices = list.devices.get();

  const rechosen = (): void => {
    const [before, now] = [chosen, choices.chosen.get()];
    chosen = now;
    if (SOUND.some((field) => before[field] !== now[field])) events.rechosen("microphone");
    if (before.camera !== now.camera) events.rechosen("camera");
  };
  const changed = (): void => {
    const before = devices;
    devices = list.devices.get();
    compare(chosen, before, devices, events);
  };

  const ends = [choices.chosen.subscribe(rechosen), list.devices.subscribe(changed), list.watch()];
  return () => {
    for (const end of ends) end();
  };
}

/** A microphone or camera that goes ends its own track; only speakers must be missed here. */
function compare(chosen: Choices, before: Devices, now: Devices, events: DeviceWatchEvents): void {
  const microphone = find(now.microphones, chosen.microphone);
  if (microphone !== undefined && find(before.microphones, microphone.id) === undefined) events.back("microphone", microphone);
  const camera = find(now.cameras, chosen.camera);
  if (camera !== undefined && find(before.cameras, camera.id) === undefined) events.back("camera", camera);
  const [was, is] = [find(before.speakers, chosen.speaker), find(now.speakers, chosen.speaker)];
  if (was !== undefined && is === undefined) events.notice({ kind: "speaker", what: "unplugged", label: was.label });
  // The first list of all is no change.
  else if (was === undefined && is !== undefined && before.speakers.length > 0) {
    events.notice({ kind: "speaker", what: "changed", label: is.label });
  }
}
