/** The field itself, with the members that an `@` may mean, and the button of the emoji. */
import clsx from "clsx";
import { Smile } from "lucide-react";
import { useId, type KeyboardEvent, type RefObject } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "../../ui/Button";
import { MentionList, optionId } from "./MentionList";
import type { ComposerState } from "./useComposer";
import { useMentions } from "./useMentions";

export interface ComposerFieldProps {
  conversationId: string;
  input: RefObject<HTMLTextAreaElement | null>;
  toggle: RefObject<HTMLButtonElement | null>;
  touch: boolean;
  composer: ComposerState;
  emoji: boolean;
  onEmoji(open: boolean): void;
}

export function ComposerField({ conversationId, input, toggle, touch, composer, emoji, onEmoji }: ComposerFieldProps) {
  const { t } = useTranslation();
  const { text, change, send, cancel, editLast } = composer;
  const mentions = useMentions(conversationId, text, input);
  const listId = useId();

  function onKeyDown(event: KeyboardEvent<HTMLTextAreaElement>): void {
    // While an input method composes, its keys are its own.
    if (event.nativeEvent.isComposing) return;
    if (mentions.onKey(event.key) || onKey(event)) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  /** True if the key has done something. */
  function onKey({ key, shiftKey, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
    const command = ctrlKey || metaKey;
    if (key === "Enter" && (command || (!shiftKey && !altKey && !touch))) {
      send();
      return true;
    }
    // The open panel closes first; it listens by itself.
    if (key === "Escape" && !emoji) return cancel();
    return key === "ArrowUp" && !command && !shiftKey && !altKey && editLast();
  }

  return (
    <div className="relative flex min-w-0 flex-1 items-end rounded-[22px] border border-line-strong bg-raised focus-within:outline-2 focus-within:outline-offset-[-1px] focus-within:outline-accent">
      {mentions.open && <MentionList id={listId} options={mentions.options} chosen={mentions.chosen} onPick={mentions.pick} />}
      <textarea
        ref={input}
        aria-label={t("chat.input")}
        aria-autocomplete={mentions.group ? "list" : undefined}
        aria-controls={mentions.open ? listId : undefined}
        aria-activedescendant={mentions.open ? optionId(listId, mentions.chosen) : undefined}
        placeholder={t("chat.placeholder")}
        rows={1}
        value={text}
        enterKeyHint={touch ? "enter" : "send"}
        onChange={(event) => {
          change(event.target.value);
          // Input methods and phones' keyboards move the caret without an event of their own.
          mentions.onSelect(event);
        }}
        onSelect={mentions.onSelect}
        onBlur={mentions.onBlur}
        onKeyDown={onKeyDown}
        className="field-sizing-content max-h-40 min-h-[42px] min-w-0 flex-1 resize-none bg-transparent py-[11px] pl-4 leading-5 outline-none placeholder:text-muted"
      />
      <IconButton
        ref={toggle}
        label={t("compose.emoji")}
        aria-expanded={emoji}
        aria-haspopup="dialog"
        onPointerDown={(event) => event.preventDefault()}
        onClick={() => onEmoji(!emoji)}
        className={clsx("-my-px h-11 hover:text-accent", emoji ? "text-accent" : "text-muted")}
      >
        <Smile size={22} />
      </IconButton>
    </div>
  );
}
