/** The input: Enter sends, Shift+Enter breaks the line; on a touch keyboard Enter breaks the line and the button sends. */
import clsx from "clsx";
import { SendHorizontal } from "lucide-react";
import { useEffect, useRef, useState, type FormEvent, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import { useMedia } from "../../lib/useMedia";
import { IconButton } from "../../ui/Button";
import { useCompose, useComposing, useOutbox } from "./context";
import { useComposerSlots } from "./useComposerSlots";

/** The server's limit, in characters. */
export const LONGEST = 16_000;

/** Unsent text of each chat, while the page lives. */
export type Drafts = Map<string, string>;

export interface ComposerProps {
  conversationId: string;
  drafts: Drafts;
}

export function Composer({ conversationId, drafts }: ComposerProps) {
  const { t } = useTranslation();
  const outbox = useOutbox();
  const touch = useMedia("(pointer: coarse)");
  const input = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(() => drafts.get(conversationId) ?? "");
  const length = [...text.trim()].length;
  const excess = length - LONGEST;
  const compose = useCompose();
  const composing = useComposing(conversationId);
  const slots = useComposerSlots(conversationId, post);
  const blank = length === 0 && slots.uploads.length === 0;
  const ready = !blank && excess <= 0;

  useEffect(() => {
    // On a phone the keyboard would cover the chat that one came to read.
    if (!touch) input.current?.focus({ preventScroll: true });
  }, [touch]);

  function change(next: string): void {
    setText(next);
    drafts.set(conversationId, next);
  }

  function post(what: string, uploads: readonly string[]): void {
    outbox.add(conversationId, what, { replyTo: composing.mode === "reply" ? composing.quote : null, uploads });
    compose.cancel(conversationId);
  }

  function send(): void {
    if (!ready) return;
    post(text.trim(), slots.uploads);
    slots.onSent();
    change("");
    input.current?.focus();
  }

  function onKeyDown(event: KeyboardEvent): void {
    // While an input method composes, Enter chooses a character.
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing || touch) return;
    event.preventDefault();
    send();
  }

  function onSubmit(event: FormEvent): void {
    event.preventDefault();
    send();
  }

  if (slots.recording !== null) return <div className="safe-bottom border-t border-line bg-page px-2 md:px-4">{slots.recording}</div>;
  return (
    <form onSubmit={onSubmit} className="safe-bottom border-t border-line bg-page px-2 md:px-4">
      {excess > 0 && (
        <p role="alert" className="px-3 pt-2 text-sm text-danger">
          {t("chat.tooLong", { count: excess })}
        </p>
      )}
      {slots.tray}
      <div className="flex items-end gap-2 py-2">
        {slots.attach}
        <textarea
          ref={input}
          aria-label={t("chat.input")}
          placeholder={t("chat.placeholder")}
          rows={1}
          value={text}
          enterKeyHint={touch ? "enter" : "send"}
          onChange={(event) => change(event.target.value)}
          onKeyDown={onKeyDown}
          className="field-sizing-content max-h-40 min-h-11 flex-1 resize-none rounded-[22px] border border-line-strong bg-raised px-4 py-[11px] leading-5 outline-offset-[-1px] placeholder:text-muted"
        />
        {blank && slots.microphone !== null ? slots.microphone : (
        <IconButton
          type="submit"
          label={t("chat.send")}
          disabled={!ready}
          // Keeps the phone's keyboard open.
          onPointerDown={(event) => event.preventDefault()}
          className={clsx("text-white", ready ? "bg-gradient-own" : "bg-line-strong")}
        >
          <SendHorizontal size={20} />
        </IconButton>
        )}
      </div>
    </form>
  );
}
