/** The recording policy on the screen: told, ordered, refused, saved. */
import { cleanup, fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import i18next from "i18next";
import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { ApiError } from "../../../api/http";
import { findConversations } from "../../../api/conversationNames";
import * as api from "../../../api/recordings";
import { startWords } from "../../../i18n";
import { startAdminWords } from "../../../i18n/adminWords";
import "../../../lib/patience.test-support";
import { PEOPLE, show, stubPage } from "../recordings.test-support";
import { PolicySection } from "./PolicySection";
import { PolicyView } from "./PolicyView";

vi.mock(import("../../../api/recordings"), async (original) => ({ ...(await original()), getRecordingPolicy: vi.fn(), setRecordingPolicy: vi.fn(), getRetention: vi.fn(), confirmClock: vi.fn() }));
vi.mock(import("../../../api/conversationNames"), async (original) => ({ ...(await original()), findConversations: vi.fn() }));
vi.mock(import("../../../api/archive"), async (original) => ({ ...(await original()), getChatRetention: async () => ({ version: 0, retention_days: null, rules: [] }) }));
vi.mock(import("../../users"), async (original) => ({
  ...(await original()),
  useMe: () => ({ ...PEOPLE[0], role: "admin" }) as never,
  useNameOf: () => (id) => PEOPLE.find((one) => one.id === id)?.name ?? id,
  useStaffOptions: () => PEOPLE.map(({ id, name }) => ({ value: id, label: name })),
}));

const NOTHING: api.RecordingPolicy = { version: 0, purpose: { ru: "", en: "" }, recorded_by: "", retention_days: 1_826, two_officers: false, rules: [] };
const SOME: api.RecordingPolicy = {
  version: 4,
  purpose: { ru: "Контроль сделок", en: "Control of deals" },
  recorded_by: "The firm",
  retention_days: 1_827,
  two_officers: true,
  rules: [
    { name: "Sales", match: { type: "role", role: "manager" }, direction: "outgoing", mode: "always", by: [], retention_days: null },
    { name: "Boris", match: { type: "user", user_id: "boris" }, direction: "any", mode: "on_demand", by: ["manager"], retention_days: 30 },
  ],
};

beforeAll(async () => {
  await startWords();
  startAdminWords();
  await i18next.changeLanguage("en");
});
beforeEach(() => {
  vi.clearAllMocks();
  stubPage();
  vi.mocked(api.getRetention).mockResolvedValue({ frozen: null, due: 0, due_conversations: 0 });
  vi.mocked(api.setRecordingPolicy).mockImplementation(async (body) => ({ ...body, version: body.version + 1 }));
});
afterEach(cleanup);

async function open(policy: api.RecordingPolicy) {
  vi.mocked(api.getRecordingPolicy).mockResolvedValue(policy);
  show(<PolicySection />);
  await screen.findByRole("heading", { name: "Rules" });
  return userEvent.setup();
}

const sent = (): api.RecordingPolicy | undefined => vi.mocked(api.setRecordingPolicy).mock.lastCall?.[0];

test("from nothing to a rule: what is told has to be written first", async () => {
  const user = await open(NOTHING);
  expect(screen.getByRole("note").textContent).toContain("do not hear");
  await user.click(screen.getByRole("button", { name: "Add a rule" }));
  await user.click(screen.getByRole("button", { name: "Done" }));
  expect(screen.getByText("Give the rule a name.")).toBeDefined();
  await user.type(screen.getByRole("textbox", { name: "Name" }), "All");
  await user.click(screen.getByRole("radio", { name: "On demand" }));
  await user.click(screen.getByRole("button", { name: "Done" }));
  expect(screen.getByText(/Choose at least one role/u)).toBeDefined();
  await user.click(screen.getByRole("checkbox", { name: "Manager" }));
  await user.click(screen.getByRole("button", { name: "Done" }));
  await user.click(screen.getByRole("button", { name: "Save" }));
  expect(api.setRecordingPolicy).not.toHaveBeenCalled();
  expect(screen.getByRole("textbox", { name: "Recorded by" }).getAttribute("aria-invalid")).toBe("true");
  await user.type(screen.getByRole("textbox", { name: "Recorded by" }), "The firm");
  await user.type(screen.getByRole("textbox", { name: /in Russian/u }), "Зачем");
  await user.type(screen.getByRole("textbox", { name: /in English/u }), "Why");
  await user.selectOptions(screen.getByRole("combobox", { name: "Keep for" }), "7 years");
  await user.click(screen.getByRole("button", { name: "Save" }));
  expect(sent()).toEqual({
    version: 0,
    purpose: { ru: "Зачем", en: "Why" },
    recorded_by: "The firm",
    retention_days: 2_557,
    two_officers: false,
    rules: [{ name: "All", match: { type: "everybody" }, direction: "any", mode: "on_demand", by: ["manager"], retention_days: null }],
  });
  await waitFor(() => expect(screen.queryByRole("region", { name: "Changes are not saved" })).toBeNull());
});

test("rules in words, in their order, which keys can change", async () => {
  const user = await open(SOME);
  const rows = (): string[] => screen.getAllByRole("listitem").map((row) => row.textContent);
  expect(rows()[0]).toContain("Role “Manager” · outgoing");
  expect(rows()[1]).toContain("Boris Stone · turned on by: Manager · kept for 30 days");
  await user.click(screen.getByRole("button", { name: "Move Boris up" }));
  expect(rows()[0]).toContain("Boris");
  expect(screen.getByText("“Boris” is now 1 of 2")).toBeDefined();
  expect(document.activeElement?.closest("li")?.textContent).toContain("Boris");
  await user.click(screen.getByRole("button", { name: "Delete Sales" }));
  await user.click(screen.getByRole("button", { name: "Save" }));
  expect(sent()?.rules.map(({ name }) => name)).toEqual(["Boris"]);
  expect(sent()?.version).toBe(4);
});

test("what a rule has is in its form, and may be changed there", async () => {
  const user = await open(SOME);
  await user.click(screen.getByRole("button", { name: "Edit Boris" }));
  expect(screen.getByRole<HTMLInputElement>("radio", { name: "Person" }).checked).toBe(true);
  expect(screen.getByRole<HTMLInputElement>("switch", { name: "Its own time of keeping" }).checked).toBe(true);
  fireEvent.change(screen.getByRole("spinbutton", { name: "Days" }), { target: { value: "0" } });
  await user.click(screen.getByRole("button", { name: "Done" }));
  expect(screen.getByText("1 to 36,525 days.")).toBeDefined();
  await user.click(screen.getByRole("switch", { name: "Its own time of keeping" }));
  await user.click(screen.getByRole("radio", { name: "Always" }));
  await user.click(screen.getByRole("button", { name: "Done" }));
  await user.click(screen.getByRole("button", { name: "Save" }));
  expect(sent()?.rules[1]).toMatchObject({ mode: "always", by: [], retention_days: null });
});

test("what the server refuses is said at its rule", async () => {
  const user = await open(SOME);
  vi.mocked(api.setRecordingPolicy).mockRejectedValue(new ApiError(422, "no_such_user", "", "rules[1].match.user_id"));
  await user.click(screen.getByRole("switch", { name: /second officer/u }));
  await user.click(screen.getByRole("button", { name: "Save" }));
  expect((await screen.findByRole("alert")).closest("li")?.textContent).toContain("Boris");
  expect(screen.getByText(/Not saved/u)).toBeDefined();
});

test("somebody else was faster: giving up goes back to what holds now", async () => {
  const user = await open(SOME);
  vi.mocked(api.setRecordingPolicy).mockRejectedValue(new ApiError(409, "policy_changed", ""));
  await user.click(screen.getByRole("button", { name: "Delete Sales" }));
  vi.mocked(api.getRecordingPolicy).mockResolvedValue({ ...SOME, version: 5, recorded_by: "Another" });
  await user.click(screen.getByRole("button", { name: "Save" }));
  expect(await screen.findByText(/Somebody has changed the rules/u)).toBeDefined();
  await waitFor(() => expect(api.getRecordingPolicy).toHaveBeenCalledTimes(2));
  await user.click(screen.getByRole("button", { name: "Discard changes" }));
  expect(screen.getByRole<HTMLInputElement>("textbox", { name: "Recorded by" }).value).toBe("Another");
});

test("officers see what holds and change nothing", async () => {
  vi.mocked(api.getRecordingPolicy).mockResolvedValue(SOME);
  show(<PolicyView />);
  expect(await screen.findByText("Control of deals")).toBeDefined();
  expect(screen.getByText("5 years")).toBeDefined();
  const rules = screen.getByRole("list", { name: "Rules" });
  expect(within(rules).getAllByRole("listitem")).toHaveLength(2);
  expect(await screen.findByText("For ever")).toBeDefined();
  expect(screen.queryByRole("textbox")).toBeNull();
  expect(screen.queryByRole("button")).toBeNull();
});

test("where S3 takes no recordings, that is said", async () => {
  const failing = { since: 1_700_000_000_000, why: "connection refused" };
  vi.mocked(api.getRetention).mockResolvedValue({ frozen: null, due: 0, due_conversations: 0, uploads: { waiting: 12, failures: 3, locked: false, failing } });
  show(<PolicyView />);
  const note = await screen.findByRole("region", { name: "S3 takes no recordings" });
  expect(note.textContent).toContain("12 segments");
  expect(note.textContent).toContain("connection refused");
});

test("a clock in doubt is confirmed by an admin, and only shown to an officer", async () => {
  vi.mocked(api.getRetention).mockResolvedValue({ frozen: { before: 1_700_000_000_000, after: 1_800_000_000_000 }, due: 3, due_conversations: 2 });
  vi.mocked(api.confirmClock).mockResolvedValue();
  const user = await open(SOME);
  expect((await screen.findByRole("region", { name: /Nothing is erased/u })).textContent).toMatch(/3 recordings.*2 conversations/u);
  vi.mocked(api.getRetention).mockResolvedValue({ frozen: null, due: 0, due_conversations: 0 });
  await user.click(screen.getByRole("button", { name: "The clock is right" }));
  expect(api.confirmClock).toHaveBeenCalledOnce();
  await waitFor(() => expect(screen.queryByRole("region", { name: /Nothing is erased/u })).toBeNull());
  cleanup();

  vi.mocked(api.getRetention).mockResolvedValue({ frozen: { before: 1, after: 2 }, due: 0, due_conversations: 0 });
  show(<PolicyView />);
  expect(await screen.findByRole("region", { name: /Nothing is erased/u })).toBeDefined();
  expect(screen.queryByRole("button")).toBeNull();
});

test("a rule for one conversation is made by its name, and shown by it", async () => {
  const named = [
    { id: "c1", kind: "group", name: "Sales", user_ids: [] },
    { id: "c2", kind: "direct", name: null, user_ids: ["anna", "boris"] },
  ] as const;
  vi.mocked(findConversations).mockImplementation(async ({ q, id }) => named.filter((one) => id === one.id || (id === undefined && (q === "" || one.id === "c2"))).map((one) => ({ ...one, user_ids: [...one.user_ids] })));
  const user = await open(SOME);
  await user.click(screen.getByRole("button", { name: "Add a rule" }));
  await user.type(screen.getByRole("textbox", { name: "Name" }), "The two");
  await user.click(screen.getByRole("radio", { name: "Chat" }));
  await screen.findByRole("radio", { name: "Sales" });
  await user.click(screen.getByRole("button", { name: "Done" }));
  expect(screen.getByText("Choose a chat.")).toBeDefined();
  await user.type(screen.getByRole("searchbox", { name: "Group or person" }), "boris");
  await waitFor(() => expect(screen.queryByRole("radio", { name: "Sales" })).toBeNull());
  await user.click(screen.getByRole("radio", { name: /Anna Frost.*Boris Stone/u }));
  await user.click(screen.getByRole("button", { name: "Done" }));
  expect(await screen.findByText(/Anna Frost.*Boris Stone/u)).toBeDefined();
  await user.click(screen.getByRole("button", { name: "Save" }));
  await waitFor(() => expect(sent()?.rules.at(-1)?.match).toEqual({ type: "conversation", conversation_id: "c2" }));
});
