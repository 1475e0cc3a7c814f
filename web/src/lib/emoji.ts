/** Whether a message is nothing but a few emoji: those are shown large and without a bubble. */
const EMOJI = /^(?:\p{Extended_Pictographic}|\p{Emoji_Component})+$/u;
const PICTURE = /\p{Extended_Pictographic}|\p{Regional_Indicator}/u;
const MOST = 6;

export function isEmojiOnly(text: string): boolean {
  const dense = text.replace(/\s/gu, "");
  if (dense.length === 0 || !EMOJI.test(dense) || !PICTURE.test(dense)) return false;
  return [...new Intl.Segmenter().segment(dense)].length <= MOST;
}
