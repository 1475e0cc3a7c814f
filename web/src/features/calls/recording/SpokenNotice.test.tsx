/** When the spoken notice plays: once for each recording, and for whoever comes later. */
import { cleanup, render } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Store } from "../../../lib/store";
import { RECORDING } from "../calls.test-support";
import { SpokenNotice } from "./SpokenNotice";

const calls = { choices: { chosen: new Store({ speaker: null }) } };
vi.mock(import("../context"), async (original) => ({ ...(await original()), useCalls: () => calls as never }));
const play = vi.fn(async () => undefined);

beforeEach(() => {
  play.mockClear();
  vi.spyOn(HTMLMediaElement.prototype, "play").mockImplementation(play);
});
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

test("it is said once when the recording begins, not again after an interruption, and anew for the next recording", () => {
  const { rerender } = render(<SpokenNotice recording={null} />);
  for (const [state, started_at, times] of [
    ["announced", null, 0],
    ["consent", null, 0],
    ["on", 5, 1],
    ["interrupted", 5, 1],
    ["on", 5, 1],
    ["off", null, 1],
    ["on", 9, 2],
  ] as const) {
    rerender(<SpokenNotice recording={{ ...RECORDING, state, started_at }} />);
    expect(play, `${state} ${String(started_at)}`).toHaveBeenCalledTimes(times);
  }
});

test("who comes into a call that is recorded hears it", () => {
  render(<SpokenNotice recording={{ ...RECORDING, state: "on", started_at: 5 }} />);
  expect(play).toHaveBeenCalledOnce();
});
