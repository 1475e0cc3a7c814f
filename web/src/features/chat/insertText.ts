/**
 * Puts text into a field as if it were typed, so that Ctrl+Z takes it back. `execCommand` is deprecated, and still the one way
 * that keeps the field's history; where it does nothing the text is set without.
 */
export function insertText(field: HTMLTextAreaElement, text: string, from = field.selectionStart, to = field.selectionEnd): void {
  if (document.activeElement === field) {
    field.setSelectionRange(from, to);
    if (execute(text)) return;
  }
  field.setRangeText(text, from, to, "end");
  field.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertText", data: text }));
}

function execute(text: string): boolean {
  return typeof document.execCommand === "function" && document.execCommand("insertText", false, text);
}
