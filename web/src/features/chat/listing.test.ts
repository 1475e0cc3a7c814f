/** The list beside a model of the server: whatever is told twice, late or while the list is fetched, it ends as the server has it. */
import { describe, expect, test } from "vitest";
import type { Conversation, ListedConversation, Message, StoredEvent } from "../../api/types";
import { applyConversationEvent, isReadByOthers, isStale, listed, newestFirst, withRead, type Listed } from "./listing";

const ME = "me";
const apply = applyConversationEvent(ME);

/** A seeded generator: a failure can be repeated. */
function numbers(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761 + 1;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

/** What the server keeps, as simply as it can be said. */
class Server {
  events: StoredEvent[] = [];
  conversations = new Map<string, Conversation>();
  messages: Message[] = [];
  muted = new Set<string>();
  drafts = new Map<string, string>();

  tell(event: { [T in StoredEvent["type"]]: Omit<Extract<StoredEvent, { type: T }>, "id"> }[StoredEvent["type"]]): void {
    this.events.push({ id: this.events.length + 1, ...event } as StoredEvent);
  }
  get next(): number {
    return this.events.length + 1;
  }
  open(id: string): void {
    const members = [ME, "bob", "eve"].map((user_id) => ({ user_id, owner: user_id === "bob", read_seq: 0 }));
    const conversation: Conversation = { id, kind: "group", name: id, picture: null, members, created_at: this.next, last_message: null };
    this.conversations.set(id, conversation);
    this.tell({ type: "conversation_created", conversation });
  }
  write(conversation_id: string, sender_id: string, mentions: string[]): void {
    const seq = this.next;
    const message: Message = {
      id: `m${seq}`, conversation_id, seq, sender_id, client_key: `k${seq}`, created_at: seq,
      kind: "text", text: String(seq), edited_at: null, reply_to: null, attachments: [], mentions,
    };
    this.messages.push(message);
    this.tell({ type: "message_created", message });
    this.advance(conversation_id, sender_id, seq);
  }
  /** What the server writes by itself: the entry of a call, or a notice. */
  note(conversation_id: string, sender_id: string, outcome: "missed" | "completed" | null): void {
    const seq = this.next;
    const base = { id: `m${seq}`, conversation_id, seq, sender_id, client_key: `k${seq}`, created_at: seq };
    const call = { id: `c${seq}`, kind: "audio" as const, caller_id: sender_id, callee_id: ME, path: null, started_at: seq, answered_at: null, ended_at: seq };
    const message: Message =
      outcome === null ? { ...base, kind: "notice", notice: { what: "picture_changed" } } : { ...base, kind: "call", call: { ...call, outcome } };
    this.messages.push(message);
    this.tell({ type: "message_created", message });
  }
  edit(at: number, deleted: boolean): void {
    const old = this.messages[at];
    if (old?.kind !== "text") return;
    const { id, conversation_id, seq, sender_id, client_key, created_at } = old;
    const base = { id, conversation_id, seq, sender_id, client_key, created_at };
    const message: Message = deleted
      ? { ...base, kind: "deleted", deleted_at: this.next }
      : { ...old, text: `${old.text}!`, edited_at: this.next, mentions: [] };
    this.messages[at] = message;
    this.tell({ type: "message_updated", message });
  }
  read(conversation_id: string, user_id: string, seq: number): void {
    if (this.advance(conversation_id, user_id, seq)) this.tell({ type: "read_marked", conversation_id, user_id, seq });
  }
  advance(conversation_id: string, user_id: string, seq: number): boolean {
    const conversation = this.conversations.get(conversation_id);
    if (conversation === undefined || (conversation.members.find((m) => m.user_id === user_id)?.read_seq ?? 0) >= seq) return false;
    const members = conversation.members.map((m) => (m.user_id === user_id ? { ...m, read_seq: seq } : m));
    this.conversations.set(conversation_id, { ...conversation, members });
    return true;
  }
  rename(id: string, name: string): void {
    const conversation = this.conversations.get(id);
    if (conversation === undefined) return;
    this.conversations.set(id, { ...conversation, name });
    this.tell({ type: "conversation_updated", conversation: { ...conversation, name } });
  }
  mute(conversation_id: string, muted: boolean): void {
    if (muted) this.muted.add(conversation_id);
    else this.muted.delete(conversation_id);
    this.tell({ type: "muted_changed", conversation_id, muted });
  }
  draft(conversation_id: string, text: string): void {
    this.drafts.set(conversation_id, text);
    this.tell({ type: "draft_changed", conversation_id, draft: { text, reply_to: null, updated_at: 0 } });
  }
  leave(id: string): void {
    this.conversations.delete(id);
    this.drafts.delete(id);
    this.muted.delete(id);
    this.messages = this.messages.filter((m) => m.conversation_id !== id);
    this.tell({ type: "conversation_left", conversation_id: id });
  }
  list(): ListedConversation[] {
    return [...this.conversations.values()].map((conversation) => {
      const mine = this.messages.filter((m) => m.conversation_id === conversation.id);
      const read = conversation.members.find((m) => m.user_id === ME)?.read_seq ?? 0;
      const unread = mine.filter((m) => m.seq > read && m.sender_id !== ME && (m.kind === "text" || (m.kind === "call" && m.call.outcome === "missed")));
      const text = this.drafts.get(conversation.id);
      return {
        ...conversation,
        last_message: mine.at(-1) ?? null,
        unread: unread.length,
        unread_mentions: unread.filter((m) => m.kind === "text" && m.mentions.includes(ME)).length,
        muted: this.muted.has(conversation.id),
        draft: text === undefined ? null : { text, reply_to: null, updated_at: 0 },
      };
    });
  }
}

const IDS = ["a", "b", "c"];

function anything(server: Server, below: (n: number) => number): void {
  const id = IDS[below(IDS.length)]!;
  if (!server.conversations.has(id)) return server.open(id);
  const who = [ME, "bob", "eve"][below(3)]!;
  const what = below(22);
  if (what < 9) server.write(id, who, below(4) === 0 ? [ME] : []);
  else if (what < 11) server.edit(below(Math.max(1, server.messages.length)), below(2) === 0);
  else if (what < 15) server.read(id, who, below(server.next));
  else if (what < 16) server.rename(id, `name ${server.next}`);
  else if (what < 17) server.mute(id, below(2) === 0);
  else if (what < 19) server.draft(id, `draft ${server.next}`);
  else if (what < 21) server.note(id, who, ([null, "missed", "completed"] as const)[below(3)]!);
  else if (below(5) === 0) server.leave(id);
}

const start = (list: ListedConversation[]): Listed[] => newestFirst(list).map((one) => listed(one, ME));

/** What readers of the list see. */
function seen(list: Listed[]): ListedConversation[] {
  return list.map(({ id, kind, name, picture, members, created_at, last_message, unread, unread_mentions, muted, draft }) => ({
    id, kind, name, picture, members, created_at, last_message, unread, unread_mentions, muted, draft,
  }));
}

describe.each(Array.from({ length: 60 }, (_, seed) => seed))("seed %i", (seed) => {
  test("a fetched list and the events around it end as the server has it", () => {
    const below = numbers(seed);
    const server = new Server();
    const steps = 30 + below(60);
    const fetchedAt = below(steps);
    let list: Listed[] = [];
    let heardFrom = 0;
    for (let step = 0; step < steps; step += 1) {
      if (step === fetchedAt) {
        list = start(server.list());
        // The answer was on its way while some of these came: they are told again.
        heardFrom = Math.max(0, server.events.length - below(10));
      }
      anything(server, below);
    }
    const events = server.events.slice(heardFrom);
    for (const event of events) list = apply(list, event);
    const truth = new Map(seen(start(server.list())).map((one) => [one.id, one]));
    expect(list.map(({ id }) => id)).toEqual(start(server.list()).map(({ id }) => id));
    for (const one of list) {
      const { unread, unread_mentions, ...rest } = truth.get(one.id)!;
      const shown = seen([one])[0]!;
      // Where only the server can count, the list knows that it cannot.
      expect(shown).toMatchObject(isStale(one) ? rest : { unread, unread_mentions, ...rest });
    }
  });

  test("the order of events and doubles make no difference", () => {
    const below = numbers(seed + 1_000);
    const server = new Server();
    for (const id of IDS) server.open(id);
    for (let step = 0; step < 10; step += 1) server.write(IDS[below(3)]!, "bob", below(2) === 0 ? [ME] : []);
    const list = start(server.list());
    const known = server.events.length;
    for (let step = 0; step < 40; step += 1) {
      const before = server.events.length;
      anything(server, below);
      if (server.events[before]?.type === "conversation_left") server.events.pop();
    }
    const events = server.events.slice(known);
    const inOrder = events.reduce(apply, list);
    const shuffled = [...events, ...events.filter(() => below(3) === 0)]
      .map((event) => ({ event, at: below(1_000_000) }))
      .sort((a, b) => a.at - b.at)
      .map(({ event }) => event);
    expect(shuffled.reduce(apply, list)).toEqual(inOrder);
  });
});

describe("unread", () => {
  const server = new Server();
  server.open("a");
  server.write("a", "bob", []);
  server.write("a", "bob", [ME]);
  const list = start(server.list());
  const counts = ([one]: Listed[]): [number, number] => [one!.unread, one!.unread_mentions];

  test("grows with messages of others, and ends as one writes oneself", () => {
    server.write("a", "bob", []);
    const theirs = apply(list, server.events.at(-1)!);
    expect(counts(theirs)).toEqual([3, 1]);
    server.write("a", ME, []);
    expect(counts(apply(theirs, server.events.at(-1)!))).toEqual([0, 0]);
  });

  test("grows by a missed call, not by a notice or a call that was talked through", () => {
    for (const outcome of ["missed", "completed", null] as const) server.note("a", "bob", outcome);
    expect(counts(server.events.slice(-3).reduce(apply, list))).toEqual([3, 1]);
  });

  test("ends when the last is read, here or elsewhere", () => {
    expect(counts(list.map((one) => withRead(one, ME, 3, ME)))).toEqual([0, 0]);
    expect(counts(apply(list, { id: 99, type: "read_marked", conversation_id: "a", user_id: ME, seq: 3 }))).toEqual([0, 0]);
  });

  test("in the middle is the server's to say, once it knows", () => {
    const here = list.map((one) => withRead(one, ME, 2, ME));
    expect(here.some(isStale)).toBe(false);
    const told = apply(here, { id: 99, type: "read_marked", conversation_id: "a", user_id: ME, seq: 2 });
    expect(told.some(isStale)).toBe(true);
  });

  test("stays as it is when others read, who are then known to have", () => {
    const told = apply(list, { id: 99, type: "read_marked", conversation_id: "a", user_id: "bob", seq: 3 });
    expect(counts(told)).toEqual([2, 1]);
    expect(isReadByOthers(list[0]!, ME, 1)).toBe(true);
    expect(isReadByOthers(told[0]!, ME, 3)).toBe(true);
    expect(isReadByOthers(told[0]!, ME, 4)).toBe(false);
  });
});

describe("messages whose time is over", () => {
  test("are neither the last one, nor unread, nor what a draft replies to", () => {
    const server = new Server();
    server.open("a");
    server.write("a", "bob", []);
    server.write("a", "bob", []);
    const [conversation] = server.events.reduce(apply, [] as Listed[]);
    const [first, second] = server.messages.map(({ seq }) => seq);
    const quote = { message_id: "m", seq: first ?? 0, sender_id: "bob", text: "old", attachment: null, deleted: false };
    const before = [{ ...(conversation as Listed), draft: { text: "draft", reply_to: quote, updated_at: 0 } }];
    const erased = (up_to: number) => ({ id: 99, type: "messages_erased", conversation_id: "a", up_to }) as const;
    const [some] = apply(before, erased(first ?? 0));
    expect([some?.unread, some?.last_message?.seq, some?.draft?.reply_to, some?.draft?.text]).toEqual([1, second, null, "draft"]);
    const [none] = apply(before, erased(second ?? 0));
    expect([none?.unread, none?.last_message]).toEqual([0, null]);
  });
});
