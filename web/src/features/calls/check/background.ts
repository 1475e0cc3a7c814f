/** After a call whose media could not be had: looks for the reason by itself, opening no device, and stores what it found. */
import type { Socket } from "../../../api/socket";
import { addCheckWords } from "../../../i18n/check";
import type { Choices } from "../choices";
import { Check } from "./check";
import { NETWORK_LEGS } from "./model";
import { reasonOf } from "./words";
import { checkWorld } from "./world";

/** In words; null if there could be no check. */
export async function findReason(socket: Socket, choices: () => Choices, callId: string): Promise<string | null> {
  addCheckWords();
  const check = new Check(checkWorld(socket, choices), NETWORK_LEGS, callId);
  await check.run();
  const { verdict } = check.view.get();
  return verdict === null ? null : reasonOf(verdict);
}
