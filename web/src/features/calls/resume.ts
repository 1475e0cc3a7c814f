/**
 * What a page leaves behind in its tab when it goes away in the middle of a call, so that the page that is loaded in its place
 * returns into it. Written at the last moment and taken at the first: a copy of the tab must not take the call from a living page.
 */
import type { CallKind } from "../../api/types";

export interface LeftCall {
  call_id: string;
  /** As which the server knew the page. */
  device_id: string;
  peer_id: string;
  kind: CallKind;
  microphone: boolean;
  camera: boolean;
  on_hold: boolean;
}

const KEY = "staffline.calls";

export function leaveCalls(calls: LeftCall[]): void {
  try {
    if (calls.length > 0) sessionStorage.setItem(KEY, JSON.stringify(calls));
  } catch {
    // It may be forbidden: then a reload is offered to continue the call, as another device would be.
  }
}

export function takeLeftCalls(): LeftCall[] {
  try {
    const left: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
    sessionStorage.removeItem(KEY);
    return Array.isArray(left) ? left.filter(isLeftCall) : [];
  } catch {
    return [];
  }
}

function isLeftCall(value: unknown): value is LeftCall {
  if (typeof value !== "object" || value === null) return false;
  const left = value as Record<string, unknown>;
  const texts = ["call_id", "device_id", "peer_id"].every((field) => typeof left[field] === "string");
  const flags = ["microphone", "camera", "on_hold"].every((field) => typeof left[field] === "boolean");
  return texts && flags && (left["kind"] === "audio" || left["kind"] === "video");
}
