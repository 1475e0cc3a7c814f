/** What of the other side can be seen now. Pure. */
import type { CallView } from "./view";

export interface Pictures {
  camera: boolean;
  screen: boolean;
}

export function picturesOf(view: CallView, otherId: string): Pictures {
  const { call, stage, interrupted, onHold } = view;
  const other = call?.participants.find(({ user_id }) => user_id === otherId);
  // A picture from end to end goes on while the other side's socket is away; the node's does not.
  const flowing = !interrupted && (other?.connected === true || call?.path !== "media_node");
  const seen = stage === "talking" && flowing && !onHold && other?.on_hold !== true;
  return { camera: seen && other?.camera === true, screen: seen && other?.screen === true && view.remoteScreen !== null };
}
