/** Who is writing, in words: in the header of the chat and in the list. */
import { useTranslation } from "react-i18next";
import { useUsers } from "../users";
import { useTyping } from "./ComposerContext";

/** Null while nobody writes. */
export function useTypingWords(conversationId: string): string | null {
  const { t } = useTranslation();
  const writers = useTyping(conversationId);
  const users = useUsers().data;
  if (writers.length === 0) return null;
  const [first = "…", second = "…"] = writers.map((id) => users?.find((user) => user.id === id)?.name.split(" ")[0]);
  if (writers.length === 1) return t("compose.typing", { name: first });
  if (writers.length === 2) return t("compose.typingTwo", { first, second });
  return t("compose.typingMany", { count: writers.length });
}
