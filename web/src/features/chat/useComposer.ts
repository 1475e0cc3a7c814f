/** What the input does: its text, sending, saving an edit. The look is in Composer.tsx. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState, type RefObject } from "react";
import { codeOf } from "../../api/http";
import { editMessage } from "../../api/routes";
import { useMe } from "../users";
import type { Composing, TextMessage } from "./compose";
import { useCompose, useComposing, useDraft, useDrafts, useTypingOwn } from "./ComposerContext";
import { useOutbox } from "./context";
import { changeMessage, lastTextOf } from "./history";
import { useComposerSlots, type ComposerSlots } from "./useComposerSlots";

/** The server's limit, in characters. */
export const LONGEST = 16_000;

export interface ComposerState {
  composing: Composing;
  slots: ComposerSlots;
  text: string;
  /** Nothing to send. */
  blank: boolean;
  /** Something to send, and not too much. */
  ready: boolean;
  /** Characters past the limit; negative: so many are left. */
  excess: number;
  saving: boolean;
  /** Why the edit was refused. */
  error: string | null;
  change(text: string): void;
  send(): void;
  /** Ends the reply or the edit; false if there was none. */
  cancel(): boolean;
  /** Edits the last message of one's own; false if there is none. */
  editLast(): boolean;
}

export function useComposer(conversationId: string, input: RefObject<HTMLTextAreaElement | null>, touch: boolean): ComposerState {
  const outbox = useOutbox();
  const drafts = useDrafts();
  const draft = useDraft(conversationId);
  const compose = useCompose();
  const composing = useComposing(conversationId);
  const typing = useTypingOwn();
  const slots = useComposerSlots(conversationId, post);
  const edit = useEdit(conversationId);
  useFocus(conversationId, input, touch);

  const editing = composing.mode === "edit";
  const text = editing ? composing.text : draft.text;
  const length = [...text.trim()].length;
  const uploads = editing ? composing.message.attachments.length : slots.uploads.length;
  const blank = length === 0 && uploads === 0;
  const excess = length - LONGEST;
  const ready = !blank && excess <= 0 && !edit.saving;

  function change(next: string): void {
    if (editing) return compose.retext(conversationId, next);
    drafts.write(conversationId, { text: next });
    if (next !== "") typing.write(conversationId);
  }

  function post(what: string, files: readonly string[]): void {
    outbox.add(conversationId, what, { replyTo: drafts.of(conversationId).replyTo, uploads: files });
    drafts.write(conversationId, { replyTo: null });
    typing.sent(conversationId);
  }

  function send(): void {
    if (!ready) return;
    if (editing) {
      void edit.save(composing.message, text.trim());
    } else {
      post(text.trim(), slots.uploads);
      slots.onSent();
      drafts.sent(conversationId);
    }
    input.current?.focus();
  }

  function cancel(): boolean {
    if (composing.mode === "new") return false;
    edit.forget();
    compose.cancel(conversationId);
    input.current?.focus();
    return true;
  }

  function editLast(): boolean {
    const last = composing.mode === "new" && text === "" ? edit.last() : undefined;
    if (last !== undefined) compose.edit(conversationId, last);
    return last !== undefined;
  }

  return { composing, slots, text, blank, ready, excess, saving: edit.saving, error: editing ? edit.error : null, change, send, cancel, editLast };
}

/** Shows the new text at once; a refusal brings the old one back and leaves the new one in the input. */
function useEdit(conversationId: string) {
  const cache = useQueryClient();
  const compose = useCompose();
  const { id: me } = useMe();
  const [saving, setSaving] = useState(false);
  const [error, setError] = useState<string | null>(null);

  async function save(message: TextMessage, text: string): Promise<void> {
    setError(null);
    if (text === message.text) return compose.cancel(conversationId);
    setSaving(true);
    changeMessage(cache, conversationId, message.id, (old) => ({ ...old, text, edited_at: Date.now() }));
    try {
      const saved = await editMessage(message.id, text);
      changeMessage(cache, conversationId, message.id, () => saved);
      const now = compose.of(conversationId);
      if (now.mode === "edit" && now.message.id === message.id) compose.cancel(conversationId);
    } catch (refusal) {
      changeMessage(cache, conversationId, message.id, () => message);
      setError(codeOf(refusal));
    } finally {
      setSaving(false);
    }
  }

  return { saving, error, save, forget: () => setError(null), last: () => lastTextOf(cache, conversationId, me) };
}

/** The input has the focus when the chat opens, and when a reply or an edit begins. */
function useFocus(conversationId: string, input: RefObject<HTMLTextAreaElement | null>, touch: boolean): void {
  const compose = useCompose();
  const drafts = useDrafts();
  useEffect(() => {
    // On a phone the keyboard would cover the chat that one came to read.
    if (!touch) input.current?.focus({ preventScroll: true });
  }, [input, touch]);
  useEffect(
    () =>
      compose.onBegin((begun) => {
        if (begun !== conversationId) return;
        // After the menu that asked for it has closed, and given the focus back.
        requestAnimationFrame(() => {
          input.current?.focus();
          input.current?.setSelectionRange(input.current.value.length, input.current.value.length);
        });
      }),
    [compose, conversationId, input],
  );
  useEffect(() => () => void drafts.save(conversationId), [drafts, conversationId]);
}
