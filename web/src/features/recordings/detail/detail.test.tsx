/** One recording: heard, judged, kept, proven. */
import { cleanup, fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import i18next from "i18next";
import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import * as api from "../../../api/recordings";
import { startWords } from "../../../i18n";
import { startAdminWords } from "../../../i18n/adminWords";
import "../../../lib/patience.test-support";
import { DETAIL, PEOPLE, show, stubPage } from "../recordings.test-support";
import { endOfDay } from "./HoldForm";
import { RecordingView } from "./RecordingView";

vi.mock(import("../../../api/recordings"), async (original) => ({
  ...(await original()),
  getRecording: vi.fn(),
  getRecordedEvents: vi.fn(),
  getRecordingPeaks: vi.fn(),
  changeRecording: vi.fn(),
  addRecordingNote: vi.fn(),
  holdRecording: vi.fn(),
  releaseHold: vi.fn(),
  verifyRecording: vi.fn(),
}));
vi.mock(import("../../users"), async (original) => ({
  ...(await original()),
  useMe: () => PEOPLE[2] as never,
  useNameOf: () => (id) => PEOPLE.find((one) => one.id === id)?.name ?? id,
  useStaffOptions: () => PEOPLE.map(({ id, name }) => ({ value: id, label: name })),
}));

beforeAll(async () => {
  await startWords();
  startAdminWords();
  await i18next.changeLanguage("en");
});
beforeEach(() => {
  vi.clearAllMocks();
  stubPage();
  vi.mocked(api.getRecording).mockResolvedValue(DETAIL);
  vi.mocked(api.getRecordedEvents).mockResolvedValue([{ at_ms: 10_000, type: "media", user_id: "boris", microphone: false }]);
  vi.mocked(api.getRecordingPeaks).mockResolvedValue({ step_ms: 100, mix: "", speakers: [], bucket_ms: 1_000, streams: [{ stream: 2, levels: [255, 255, 0, 0, 0, 200] }] });
});
afterEach(cleanup);

async function open(conversation = vi.fn()) {
  const shown = show(<RecordingView id="r1" onConversation={conversation} />);
  const slider = await screen.findByRole("slider", { name: "Place in the recording" });
  await screen.findByText("Boris Stone: microphone off");
  return { ...shown, slider, user: userEvent.setup(), at: () => slider.getAttribute("aria-valuenow") };
}

const sources = (container: HTMLElement): (string | null)[] => [...container.querySelectorAll("audio, video")].map((one) => one.getAttribute("src"));

test("who speaks how long, what happened, and a click goes there", async () => {
  const { user, at } = await open();
  expect(screen.getByRole("img", { name: "Anna Frost: speaks for 0:03" })).toBeDefined();
  await user.click(screen.getByRole("button", { name: /Boris Stone: microphone off/u }));
  expect(at()).toBe("10");
});

test("all together at first; one by one, each can be turned off, and only what is heard is loaded", async () => {
  const { container, user } = await open();
  // Who only looks at what is known of it has not listened.
  expect(sources(container)).toEqual([null, null]);
  await user.keyboard(" ");
  expect(sources(container)).toEqual(["/api/recordings/r1/streams/2", "/api/recordings/r1/streams/1"]);
  const camera = container.querySelector("video")!;
  expect(camera.muted).toBe(true);
  await user.click(screen.getByRole("radio", { name: "One by one" }));
  expect(sources(container)).toEqual(["/api/recordings/r1/streams/2", "/api/recordings/r1/streams/3"]);
  expect(camera.muted).toBe(false);
  await user.click(screen.getByRole("button", { name: "Heard: Boris Stone", pressed: true }));
  expect(sources(container)).toEqual(["/api/recordings/r1/streams/2"]);
  await user.click(screen.getByRole("button", { name: "Heard: Anna Frost", pressed: true }));
  expect(camera.muted).toBe(true);
});

test("keys: space, arrows, slower and faster; not while one writes", async () => {
  const { user, at, slider } = await open();
  const speed = screen.getByRole<HTMLSelectElement>("combobox", { name: "Speed" });
  await user.keyboard("{ArrowRight}{ArrowRight}");
  expect(at()).toBe("10");
  await user.keyboard("{ArrowLeft}");
  expect(at()).toBe("5");
  await user.keyboard(">>");
  expect(speed.value).toBe("1.5");
  await user.keyboard("<");
  expect(speed.value).toBe("1.25");
  await user.keyboard(" ");
  expect(screen.getByRole("button", { name: "Pause" })).toBeDefined();
  await user.keyboard(" ");
  expect(screen.getByRole("button", { name: "Play" })).toBeDefined();
  slider.focus();
  await user.keyboard("{End}");
  expect(at()).toBe("65");
  // Once, not twice.
  await user.keyboard("{ArrowLeft}");
  expect(at()).toBe("60");
  await user.keyboard("{Home}");
  expect(at()).toBe("0");
  await user.type(screen.getByRole("textbox", { name: "New note" }), "a b<");
  expect(at()).toBe("0");
  expect(speed.value).toBe("1.25");
  expect(screen.getByRole("button", { name: "Play" })).toBeDefined();
});

test("a click on a lane goes there", async () => {
  const { at, slider } = await open();
  const paper = slider.parentElement!;
  Object.assign(paper, { setPointerCapture: vi.fn(), hasPointerCapture: () => true });
  paper.getBoundingClientRect = () => ({ left: 100, width: 200 }) as DOMRect;
  fireEvent.pointerDown(paper, { button: 0, clientX: 150, pointerId: 1 });
  expect(at()).toBe("16");
  fireEvent.pointerMove(paper, { clientX: 9_999, pointerId: 1 });
  expect(at()).toBe("65");
});

test("a note is about a place, if one says so", async () => {
  vi.mocked(api.addRecordingNote).mockResolvedValue({} as never);
  const { user, at } = await open();
  await user.click(screen.getByRole("button", { name: "Go to 0:30" }));
  expect(at()).toBe("30");
  await user.type(screen.getByRole("textbox", { name: "New note" }), " Odd ");
  await user.click(screen.getByRole("checkbox", { name: "About the place 0:30" }));
  await user.click(screen.getByRole("button", { name: "Add" }));
  expect(api.addRecordingNote).toHaveBeenCalledExactlyOnceWith("r1", { text: "Odd", at_ms: 30_000 });
  await waitFor(() => expect(screen.getByRole<HTMLTextAreaElement>("textbox", { name: "New note" }).value).toBe(""));
});

test("review and tag are kept", async () => {
  vi.mocked(api.changeRecording).mockResolvedValue({} as never);
  const { user } = await open();
  await user.click(screen.getByRole("radio", { name: "Reviewed" }));
  expect(api.changeRecording).toHaveBeenLastCalledWith("r1", { review: "reviewed" });
  await user.type(screen.getByRole("textbox", { name: "Tag" }), " D-17 ");
  await user.click(screen.getByRole("button", { name: "Save" }));
  expect(api.changeRecording).toHaveBeenLastCalledWith("r1", { tag: "D-17" });
});

test("a hold has a reason and somebody who answers for it; a release is asked for", async () => {
  vi.mocked(api.holdRecording).mockResolvedValue({} as never);
  vi.mocked(api.releaseHold).mockResolvedValue();
  const { user } = await open();
  await user.click(screen.getByRole("button", { name: "Place a hold" }));
  const form = within(screen.getByRole("dialog", { name: "Hold the recording" }));
  await user.click(form.getByRole("button", { name: "Place a hold" }));
  expect(api.holdRecording).not.toHaveBeenCalled();
  await user.type(form.getByRole("textbox", { name: "Reason" }), "Case 18");
  await user.selectOptions(form.getByRole("combobox"), "Anna Frost");
  fireEvent.change(form.getByLabelText("Until"), { target: { value: "2027-01-31" } });
  await user.click(form.getByRole("button", { name: "Place a hold" }));
  expect(api.holdRecording).toHaveBeenCalledExactlyOnceWith("r1", { reason: "Case 18", owner_id: "anna", until: new Date(2027, 1, 1).getTime() - 1 });

  expect(screen.queryByRole("button", { name: "Release the hold: Old case" })).toBeNull();
  await user.click(await screen.findByRole("button", { name: "Release the hold: Case 17" }));
  expect(api.releaseHold).not.toHaveBeenCalled();
  await user.click(screen.getByRole("button", { name: "Release" }));
  expect(api.releaseHold).toHaveBeenCalledExactlyOnceWith("r1", "h1");
});

test.each([
  [{ ok: true, heads: 5, segments: 2, records: 90, hash: "0123456789abcdef0123" }, ["The recording is intact", "90 blocks checked, checksum 0123456789abcdef…"]],
  [{ ok: false, heads: 5, segments: 0, records: 0, segment: 3, record: 14, why: "the chain is broken" }, ["changed or damaged", "part 3, block 14", "the chain is broken"]],
  [{ ok: false, heads: 5, segments: 0, records: 0, why: "head 4 was changed" }, ["changed or damaged", "does not match", "head 4 was changed"]],
] as const)("what the verification says of %o", async (result, words) => {
  vi.mocked(api.verifyRecording).mockResolvedValue(result);
  const { user, container } = await open();
  await user.click(screen.getByRole("button", { name: "Verify" }));
  await waitFor(() => {
    for (const word of words) expect(container.textContent).toContain(word);
  });
});

test("who agreed, who opened it, and the other calls of the conversation", async () => {
  const conversation = vi.fn();
  const { user } = await open(conversation);
  expect(screen.getByText("Terms 3, in Russian")).toBeDefined();
  expect(screen.getByText("listened")).toBeDefined();
  expect(screen.getByText("action “something_new”").closest("li")?.textContent).toContain("Server");
  await user.click(screen.getByRole("button", { name: "All recordings of this conversation" }));
  expect(conversation).toHaveBeenCalledExactlyOnceWith("conversation");
});

test.each([
  ["recording", /still going on/u],
  ["failed", /nothing to hear/u],
  ["erased", /nothing to hear/u],
] as const)("of one that is %s nothing is loaded", async (state, words) => {
  vi.mocked(api.getRecording).mockResolvedValue({ ...DETAIL, state });
  const { container } = show(<RecordingView id="r1" onConversation={() => undefined} />);
  expect(await screen.findByText(words)).toBeDefined();
  expect(sources(container)).toEqual([]);
  expect(api.getRecordingPeaks).not.toHaveBeenCalled();
});

test.each([
  ["2027-01-31", new Date(2027, 1, 1).getTime() - 1],
  ["", null],
  ["soon", null],
])("the end of %s", (day, at) => expect(endOfDay(day)).toBe(at));
