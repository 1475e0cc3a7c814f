/** What whoever is recorded sees and hears of it. */
import { act, cleanup, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import i18next from "i18next";
import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { CallRecording, CallState } from "../../../api/types";
import { startWords } from "../../../i18n";
import { CALL, RECORDING } from "../calls.test-support";
import { Dialog } from "../../../ui/Dialog";
import { Menu } from "../../../ui/Menu";
import { OnTop } from "../../../ui/onTop";
import { HeldBar } from "../HeldBar";
import { IncomingCall } from "../IncomingCall";
import { OutgoingCall } from "../OutgoingCall";
import { SmallCall } from "../SmallCall";
import { TopBar } from "../TopBar";
import { useActions, type Actions, type ActionWays } from "../useActions";
import { IDLE, type CallView } from "../view";
import { WaitingCall } from "../WaitingCall";
import { ConsentSheet, isAsked } from "./ConsentNotice";
import { noticeText } from "./noticeText";
import { RecordingBadge, RecordingVoice } from "./RecordingBadge";
import { RecordingStrip } from "./RecordingStrip";

const calls = vi.hoisted(() => ({
  agree: vi.fn(),
  accept: vi.fn(),
  answerWaiting: vi.fn(),
  hangUp: vi.fn(),
  record: vi.fn(),
  canShareScreen: false,
}));
/** All calls of the page, as far as a test has some. */
const page = vi.hoisted(() => ({ current: null as unknown, held: null as unknown }));
const said = vi.hoisted(() => vi.fn());
vi.mock(import("sonner"), async (original) => ({ ...(await original()), toast: Object.assign(said, { success: vi.fn(), error: vi.fn() }) as never }));
vi.mock(import("../context"), async (original) => ({ ...(await original()), useCalls: () => calls as never, useCallsView: () => page as never }));
vi.mock(import("../callPage"), async (original) => ({
  ...(await original()),
  useCallPage: () => ({ layout: "full", show: () => undefined, panel: false, showPanel: () => undefined }),
}));
vi.mock(import("../../users"), async (original) => ({
  ...(await original()),
  useUser: () => ({ id: "boris", name: "Boris Stone", role: "employee" }) as never,
}));

const PERSON = { id: "boris", name: "Boris Stone", role: "employee" } as const;

function view(recording: Partial<CallRecording> | null, change: Partial<CallView> = {}, call: Partial<CallState> = {}): CallView {
  const whole = recording === null ? null : { ...RECORDING, ...recording };
  return { ...IDLE, stage: "talking", peerId: "boris", ...change, call: { ...CALL, phase: "answered", answered_at: 1, ...call, recording: whole } };
}

beforeAll(startWords);
beforeEach(async () => {
  vi.clearAllMocks();
  page.current = IDLE;
  page.held = null;
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: () => undefined, removeEventListener: () => undefined }));
  HTMLDialogElement.prototype.showModal = function show() {
    this.open = true;
  };
  HTMLDialogElement.prototype.close = function close() {
    this.open = false;
  };
  await i18next.changeLanguage("en");
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

test.each([
  ["ru", { purpose_ru: "Зачем", purpose_en: "Why" }, { purpose: "Зачем", language: "ru" }],
  ["en", { purpose_ru: "Зачем", purpose_en: "Why" }, { purpose: "Why", language: "en" }],
  ["ru-RU", { purpose_ru: "Зачем", purpose_en: "Why" }, { purpose: "Зачем", language: "ru" }],
  // What was never written is not agreed to.
  ["ru", { purpose_ru: " ", purpose_en: "Why" }, { purpose: "Why", language: "en" }],
  ["en", { purpose_ru: "", purpose_en: "" }, { purpose: "", language: "en" }],
] as const)("in %s, of %o", (language, notice, text) => expect(noticeText(notice, language)).toEqual(text));

test("over a call: what, by whom, why, how long; agree in that language, or leave", async () => {
  const leave = vi.fn();
  const user = userEvent.setup();
  render(<ConsentSheet view={view({ state: "consent" }, { consent: "asked" })} onLeave={leave} />);
  const sheet = screen.getByRole("alertdialog", { name: "This call is recorded" });
  expect(document.activeElement).toBe(sheet);
  for (const words of ["Sound, video and shared screens", "The firm", "Why", "5 years"]) expect(within(sheet).getAllByText(words).length).toBeGreaterThan(0);
  await user.click(screen.getByRole("button", { name: "Agree and continue" }));
  expect(calls.agree).toHaveBeenCalledExactlyOnceWith("en", "current");
  await user.click(screen.getByRole("button", { name: "Leave" }));
  expect(leave).toHaveBeenCalledOnce();
});

test("in Russian it is agreed to in Russian", async () => {
  await i18next.changeLanguage("ru");
  render(<ConsentSheet view={view({ state: "consent" }, { consent: "asked_anew" })} onLeave={() => undefined} />);
  expect(screen.getByRole("alert").textContent).toContain("изменились");
  expect(screen.getByText("5 лет")).toBeDefined();
  await userEvent.click(screen.getByRole("button", { name: "Согласиться и продолжить" }));
  expect(calls.agree).toHaveBeenCalledWith("ru", "current");
});

test("while the server has yet to confirm it, it is not asked again", () => {
  expect((["given", "asked", "asked_anew", "said"] as const).map((consent) => isAsked(view({}, { consent })))).toEqual([false, true, true, false]);
  const said = view({}, { stage: "outgoing", consent: "said" }, { phase: "ringing" });
  render(<OutgoingCall view={said} held={null} person={PERSON} onChat={() => undefined} />);
  expect(screen.getByRole("status").textContent).toBe("Sending your consent…");
  expect(screen.queryByRole("button", { name: "Agree and continue" })).toBeNull();
});

test("a call that rings: agree and answer in one, or leave", async () => {
  const ringing = view({}, { stage: "incoming", consent: "asked" }, { phase: "ringing" });
  render(<IncomingCall view={ringing} person={PERSON} />);
  expect(screen.getByRole("region", { name: "This call will be recorded" })).toBeDefined();
  expect(screen.getByRole("button", { name: "Leave" })).toBeDefined();
  await userEvent.click(screen.getByRole("button", { name: "Agree and answer" }));
  expect(calls.agree.mock.invocationCallOrder[0]).toBeLessThan(calls.accept.mock.invocationCallOrder[0]!);
});

test("a call that is not recorded rings as ever", () => {
  render(<IncomingCall view={view(null, { stage: "incoming" }, { phase: "ringing" })} person={PERSON} />);
  expect(screen.getByRole("button", { name: "Accept" })).toBeDefined();
  expect(screen.queryByRole("region")).toBeNull();
});

test("a caller agrees while it rings, and then sees what will be", async () => {
  const ringing = { stage: "outgoing", consent: "asked" } as const;
  const shown = render(<OutgoingCall view={view({}, ringing, { phase: "ringing" })} held={null} person={PERSON} onChat={() => undefined} />);
  await userEvent.click(screen.getByRole("button", { name: "Agree and continue" }));
  expect(calls.agree).toHaveBeenCalledOnce();
  await userEvent.click(screen.getByRole("button", { name: "Leave" }));
  expect(calls.hangUp).toHaveBeenCalledOnce();
  const agreed = view({ consented: true }, { stage: "outgoing" }, { phase: "ringing" });
  shown.rerender(<OutgoingCall view={agreed} held={null} person={PERSON} onChat={() => undefined} />);
  expect(screen.queryByRole("button", { name: "Agree and continue" })).toBeNull();
  expect(screen.getByRole("button", { name: "Will be recorded" })).toBeDefined();
});

test.each(["hold", "end"] as const)("a second call that rings is agreed to by answering (%s)", async (how) => {
  render(<WaitingCall view={view({}, { stage: "incoming", consent: "asked" }, { phase: "ringing" })} canHold />);
  expect(screen.getByText("By answering you agree to the recording.")).toBeDefined();
  await userEvent.click(screen.getByRole("button", { name: how === "hold" ? "Hold and answer" : "End and answer" }));
  expect(calls.agree).toHaveBeenCalledExactlyOnceWith("en", "waiting");
  expect(calls.answerWaiting).toHaveBeenCalledExactlyOnceWith(how);
});

test.each([
  ["announced", "Will be recorded"],
  ["consent", "Recording waits for consent"],
  ["on", "Recording"],
  ["interrupted", "Recording is interrupted"],
  ["failed", "Recording has failed"],
] as const)("%s is shown as “%s” in every place", (state, words) => {
  const shown = view({ state, consented: true });
  render(
    <>
      <TopBar view={shown} name="Boris Stone" hidden onDetails={() => undefined} />
      <SmallCall view={shown} held={null} person={PERSON} pictured={false} phone />
      <HeldBar view={shown} />
    </>,
  );
  expect(screen.getByRole("button", { name: words })).toBeDefined();
  expect(screen.getAllByTitle(words)).toHaveLength(3);
});

test("whoever is asked anew while the recording goes on sees that it does, over the notice as well", () => {
  const anew = view({ state: "consent", started_at: 1 }, { consent: "asked_anew" });
  render(<ConsentSheet view={anew} onLeave={() => undefined} />);
  expect(within(screen.getByRole("alertdialog")).getByRole("button", { name: "Recording" })).toBeDefined();
});

test("the sign stays while everything else is hidden", () => {
  render(<TopBar view={view({ state: "on", consented: true })} name={null} hidden onDetails={() => undefined} />);
  const isHidden = (name: string): boolean => screen.getByRole("button", { name }).closest(".opacity-0") !== null;
  expect(isHidden("Minimise the call")).toBe(true);
  expect(isHidden("Recording")).toBe(false);
});

test.each([null, { state: "off" } as const])("nothing is shown of %o", (recording) => {
  render(<RecordingBadge recording={recording === null ? null : { ...RECORDING, ...recording }} />);
  expect(screen.queryByRole("button")).toBeNull();
});

test("each change is said once, and what never ran does not stop", () => {
  vi.useFakeTimers();
  const said = (): string => screen.getByRole("status").textContent;
  const of = (state: CallRecording["state"]) => <RecordingVoice recording={{ ...RECORDING, state }} />;
  const after = (state: CallRecording["state"]): string => {
    shown.rerender(of(state));
    act(() => void vi.advanceTimersByTime(200));
    return said();
  };
  const shown = render(of("off"));
  expect(after("off")).toBe("");
  // It comes after the region is there.
  shown.rerender(of("on"));
  expect(said()).toBe("");
  expect(after("on")).toBe("This call is recorded");
  expect(after("interrupted")).toBe("Recording is interrupted");
  expect(after("failed")).toContain("failed");
  expect(after("off")).toBe("Recording has stopped");
});

test.each([
  ["the call", view({ state: "on" }), null],
  ["a call on hold", view(null), view({ state: "on" }, { onHold: true })],
] as const)("%s is recorded: dialogs, menus and the card of a second call say so in their first line", (_, current, held) => {
  Object.assign(page, { current, held });
  render(
    <OnTop value={<RecordingStrip />}>
      <Dialog label="Sound and video">
        <p>Microphone</p>
      </Dialog>
      <Menu label="More" at={{ x: 0, y: 0 }} items={[{ label: "Hold", onChoose: () => undefined }]} onClose={() => undefined} />
      <WaitingCall view={view(null, { stage: "incoming" }, { phase: "ringing" })} canHold />
      <SmallCall view={current} held={held} person={PERSON} pictured={false} phone />
    </OnTop>,
  );
  const places = [screen.getByRole("dialog"), screen.getByRole("menu").parentElement, screen.getByRole("alertdialog")];
  for (const place of places) expect(place?.firstElementChild?.getAttribute("data-sign")).toBe("on");
  expect(screen.getByTitle("Recording")).toBeDefined();
});

test("a recorded call's picture does not leave the page, and the button says why", () => {
  Object.defineProperties(document, { pictureInPictureEnabled: { value: true, configurable: true }, pictureInPictureElement: { value: null, configurable: true } });
  const video = document.createElement("video");
  const leave = vi.fn(() => Promise.resolve({} as PictureInPictureWindow));
  video.requestPictureInPicture = leave;
  const { picture } = actionsOf(view({ state: "on" }), { picture: { current: video }, hasPicture: true, recorded: true });
  picture?.run();
  expect(leave).not.toHaveBeenCalled();
  expect(said).toHaveBeenCalledExactlyOnceWith(expect.stringContaining("could not show that"), expect.objectContaining({ id: "no-picture-0" }));
  actionsOf(view(null), { picture: { current: video }, hasPicture: true }).picture?.run();
  expect(leave).toHaveBeenCalledOnce();
});

function actionsOf(shown: CallView, ways: Partial<ActionWays> = {}): Actions {
  let found: Actions = {};
  function Probe() {
    found = useActions(shown, { picture: { current: null }, hasPicture: false, chat: () => undefined, unread: 0, recorded: false, details: () => undefined, ...ways });
    return null;
  }
  render(<Probe />);
  return found;
}

test.each([
  ["off", true, "on_demand", "Start recording", true],
  ["failed", true, "on_demand", "Start recording", true],
  ["on", true, "on_demand", "Stop recording", false],
  ["interrupted", true, "on_demand", "Stop recording", false],
  ["consent", true, "on_demand", "Stop recording", false],
  ["off", false, "on_demand", undefined, null],
  ["on", true, "always", undefined, null],
] as const)("%s, may start %s, %s: %s", (state, can_start, mode, label, on) => {
  const { record } = actionsOf(view({ state, can_start, mode, consented: true }));
  expect(record?.label).toBe(label);
  record?.run();
  if (on !== null) expect(calls.record).toHaveBeenCalledExactlyOnceWith(on);
});
