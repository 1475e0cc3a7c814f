/** The input: Enter sends, Shift+Enter breaks the line; on a touch keyboard Enter breaks the line and the button sends. */
import clsx from "clsx";
import { Check, SendHorizontal } from "lucide-react";
import { useRef, useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { useErrorWords } from "../../i18n/errorWords";
import { useMedia } from "../../lib/useMedia";
import { IconButton } from "../../ui/Button";
import { ComposerBar } from "./ComposerBar";
import { ComposerField } from "./ComposerField";
import { EmojiPanel } from "./EmojiPanel";
import { insertText } from "./insertText";
import { useComposer, type ComposerState } from "./useComposer";

/** From here on the number of characters that are left is shown. */
const NEARLY = 500;

export function Composer({ conversationId }: { conversationId: string }) {
  const touch = useMedia("(pointer: coarse)");
  const input = useRef<HTMLTextAreaElement>(null);
  const toggle = useRef<HTMLButtonElement>(null);
  const [emoji, setEmoji] = useState(false);
  const composer = useComposer(conversationId, input, touch);
  const { slots, composing, send } = composer;
  const editing = composing.mode === "edit";

  function onSubmit(event: FormEvent): void {
    event.preventDefault();
    send();
  }

  function closeEmoji(refocus: boolean): void {
    setEmoji(false);
    if (refocus) input.current?.focus();
  }

  function pick(picked: string): void {
    if (input.current === null) return;
    // With a finger the focus stays where it is: the phone's keyboard would cover the panel.
    if (!touch) input.current.focus();
    insertText(input.current, picked);
  }

  if (slots.recording !== null) return <div className="safe-bottom border-t border-line bg-page px-2 md:px-4">{slots.recording}</div>;
  return (
    <form onSubmit={onSubmit} className="safe-bottom relative border-t border-line bg-page px-2 md:px-4">
      <Limit composer={composer} />
      <ComposerBar composing={composing} onCancel={composer.cancel} />
      {!editing && slots.tray}
      {emoji && <EmojiPanel toggle={toggle} onPick={pick} onClose={closeEmoji} />}
      <div className="flex items-end gap-1 py-2 md:gap-2">
        {!editing && slots.attach}
        <ComposerField
          conversationId={conversationId}
          input={input}
          toggle={toggle}
          touch={touch}
          composer={composer}
          emoji={emoji}
          onEmoji={setEmoji}
        />
        {composer.blank && !editing && slots.microphone !== null ? slots.microphone : <SendButton composer={composer} />}
      </div>
    </form>
  );
}

function SendButton({ composer: { composing, ready, saving } }: { composer: ComposerState }) {
  const { t } = useTranslation();
  const editing = composing.mode === "edit";
  return (
    <IconButton
      type="submit"
      label={editing ? t("compose.save") : t("chat.send")}
      aria-busy={saving}
      disabled={!ready}
      // Keeps the phone's keyboard open.
      onPointerDown={(event) => event.preventDefault()}
      className={clsx("text-white", ready ? "bg-gradient-own" : "bg-line-strong", saving && "animate-pulse-soft")}
    >
      {editing ? <Check size={22} /> : <SendHorizontal size={20} />}
    </IconButton>
  );
}

/** How much too long the text is, or how much is left when it is nearly full; and why an edit was refused. */
function Limit({ composer: { excess, error } }: { composer: ComposerState }) {
  const { t } = useTranslation();
  const errorWords = useErrorWords();
  if (excess > 0 || error !== null) {
    return (
      <p role="alert" className="px-3 pt-2 text-sm text-danger">
        {error !== null ? t("compose.notSaved", { why: errorWords(error) }) : t("chat.tooLong", { count: excess })}
      </p>
    );
  }
  if (excess <= -NEARLY) return null;
  return <p className="px-3 pt-2 text-sm text-muted tabular-nums">{t("compose.left", { count: -excess })}</p>;
}
