/** The lists of recordings, of failures and of exports. */
import { cleanup, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import i18next from "i18next";
import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import * as api from "../../../api/recordings";
import { startWords } from "../../../i18n";
import { startAdminWords } from "../../../i18n/adminWords";
import { ExportList } from "../exports/ExportList";
import { RecordingsPage } from "../RecordingsPage";
import "../../../lib/patience.test-support";
import { ENTRY, PEOPLE, show, stubPage } from "../recordings.test-support";
import { FailureList } from "./FailureList";

vi.mock(import("../../../api/recordings"), async (original) => ({
  ...(await original()),
  getRecordings: vi.fn(),
  getRecordingFailures: vi.fn(),
  getRecordingExports: vi.fn(),
  askForExport: vi.fn(),
  approveExport: vi.fn(),
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
  history.replaceState(null, "", "/recordings");
  vi.mocked(api.getRecordings).mockImplementation(async ({ before }) => ({ recordings: before === undefined ? RECORDINGS : [], more: before === undefined }));
});
afterEach(cleanup);

const RECORDINGS: api.RecordingEntry[] = [ENTRY, { ...ENTRY, id: "r2", tag: "D-17", held: true, review: "flagged", state: "recovered" }];

const asked = (): object | undefined => vi.mocked(api.getRecordings).mock.lastCall?.[0];

test("each recording says who, how long and what was made of it, and opens", async () => {
  show(<RecordingsPage />);
  const rows = (await screen.findAllByRole("checkbox")).map((box) => box.closest("li"));
  expect(rows).toHaveLength(2);
  expect(rows[0]?.textContent).toContain("Anna Frost and Boris Stone");
  expect(rows[0]?.textContent).toContain("1:05");
  for (const mark of ["D-17", "On hold", "Has questions", "Recovered after a fault"]) {
    expect(rows[1]?.textContent).toContain(mark);
    expect(rows[0]?.textContent).not.toContain(mark);
  }
  await userEvent.click(screen.getAllByRole("link", { name: /Open the recording/u })[1]!);
  expect(location.pathname).toBe("/recordings/r2");
});

test("what is searched by is asked of the server, and can be reset", async () => {
  show(<RecordingsPage />);
  await screen.findAllByRole("checkbox");
  expect(asked()).toEqual({ limit: 50 });
  const user = userEvent.setup();
  await user.type(screen.getByRole("searchbox"), "deal");
  await user.selectOptions(screen.getByRole("combobox", { name: "Participant" }), "Boris Stone");
  await user.selectOptions(screen.getByRole("combobox", { name: "Review" }), "Not reviewed");
  await user.click(screen.getByRole("button", { name: "More conditions" }));
  await user.type(screen.getByRole("textbox", { name: "At least, minutes" }), "2");
  await user.type(screen.getByRole("textbox", { name: "Tag" }), "D-17");
  await waitFor(() => expect(asked()).toEqual({ limit: 50, q: "deal", user_id: "boris", review: "new", min_s: 120, tag: "D-17" }));
  await user.click(screen.getByRole("button", { name: "Reset" }));
  await waitFor(() => expect(asked()).toEqual({ limit: 50 }));
});

test("more of them are asked for after the last", async () => {
  show(<RecordingsPage />);
  await userEvent.click(await screen.findByRole("button", { name: "Show more" }));
  await waitFor(() => expect(asked()).toEqual({ limit: 50, before: "r2" }));
});

test("nothing there and nothing found are two things", async () => {
  vi.mocked(api.getRecordings).mockResolvedValue({ recordings: [], more: false });
  show(<RecordingsPage />);
  expect(await screen.findByText(/There are no recordings yet/u)).toBeDefined();
  await userEvent.type(screen.getByRole("searchbox"), "x");
  expect(await screen.findByText(/There are no such recordings/u)).toBeDefined();
});

test("chosen ones are exported with a reason, never without", async () => {
  vi.mocked(api.askForExport).mockResolvedValue({ id: "e", recording_ids: ["r1", "r2"], conversation_ids: [], reason: "", requested_by: "clara", requested_at: 0, needs_approval: true });
  show(<RecordingsPage />);
  const user = userEvent.setup();
  for (const box of await screen.findAllByRole("checkbox")) await user.click(box);
  expect(screen.getByText("2 recordings chosen")).toBeDefined();
  await user.click(screen.getByRole("button", { name: "Export" }));
  const ask = screen.getAllByRole("button", { name: "Export" }).at(-1)!;
  await user.click(ask);
  expect(api.askForExport).not.toHaveBeenCalled();
  expect(screen.getByRole("textbox", { name: "What for" }).getAttribute("aria-invalid")).toBe("true");
  await user.type(screen.getByRole("textbox", { name: "What for" }), " Case 17 ");
  await user.click(ask);
  expect(api.askForExport).toHaveBeenCalledExactlyOnceWith({ ids: ["r1", "r2"], conversation_ids: [], reason: "Case 17" });
  await waitFor(() => expect(screen.queryByText("2 recordings chosen")).toBeNull());
});

test("what could not be recorded, and why, also for a reason that this page does not know", async () => {
  const failure = { call_id: "c", conversation_id: "k", caller_id: "anna", callee_id: "boris", rule: "Sales", at: ENTRY.started_at };
  vi.mocked(api.getRecordingFailures).mockResolvedValue({
    failures: [
      { ...failure, fault: "disk_full", recording_id: "r9" },
      { ...failure, at: 1, fault: "solar_flare" as never },
    ],
    more: false,
  });
  show(<FailureList />);
  expect(await screen.findByText("The server's disk is full")).toBeDefined();
  expect(screen.getByText("Reason: solar_flare")).toBeDefined();
  await userEvent.click(screen.getByRole("button", { name: "What was recorded before the fault is kept" }));
  expect(location.pathname).toBe("/recordings/r9");
});

test("a second officer approves, not the one who asked; what is ready can be downloaded", async () => {
  const one = { recording_ids: ["r1"], conversation_ids: [], requested_at: 0, needs_approval: true };
  vi.mocked(api.getRecordingExports).mockResolvedValue([
    { ...one, id: "e1", reason: "Mine", requested_by: "clara" },
    { ...one, id: "e2", reason: "Theirs", requested_by: "anna" },
    { ...one, id: "e3", reason: "Approved", requested_by: "anna", approved_by: "clara", approved_at: 1 },
    { ...one, id: "e4", reason: "Alone", requested_by: "anna", needs_approval: false },
  ]);
  vi.mocked(api.approveExport).mockResolvedValue({} as never);
  show(<ExportList />);
  expect(await screen.findByText("Another compliance officer approves your request.")).toBeDefined();
  expect(screen.queryByRole("button", { name: "Approve the export: Mine" })).toBeNull();
  await userEvent.click(screen.getByRole("button", { name: "Approve the export: Theirs" }));
  expect(api.approveExport).toHaveBeenCalledExactlyOnceWith("e2");
  const links = screen.getAllByRole("link").map((link) => link.getAttribute("href"));
  expect(links).toEqual(["/api/recordings/exports/e3/bundle", "/api/recordings/exports/e4/bundle"]);
});
