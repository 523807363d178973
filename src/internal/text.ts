/** A high surrogate without its low one, or a low one without its high one: such text is not valid Unicode. */
const LONE_SURROGATE = /\p{Surrogate}/u;
const LONE_SURROGATES = /\p{Surrogate}/gu;

/** Replaces a character that can't be sent. */
const REPLACEMENT = '\u{fffd}';
/** Ends a text that was cut. */
export const ELLIPSIS = '…';

/**
 * Whether a text is valid Unicode. Text that is not can't be encoded in UTF-8; Temporal's SDK shuts a worker down when
 * a command contains one.
 */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}

/**
 * The text with at most `maxLength` UTF-16 code units; a text that is cut ends with `…`. The result is always valid
 * Unicode: a cut never splits a character, and invalid characters are replaced.
 */
export function cut(text: string, maxLength: number): string {
  const shortened = text.length <= maxLength ? text : `${text.slice(0, Math.max(0, maxLength - 1))}${ELLIPSIS}`;
  return isWellFormed(shortened) ? shortened : shortened.replace(LONE_SURROGATES, REPLACEMENT);
}

/**
 * The text on one line that a terminal shows as it is: control characters, and characters that change the direction of
 * text, become spaces.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\u{2028}\u{2029}\u{202a}-\u{202e}\u{2066}-\u{2069}\u{200e}\u{200f}]+/gu, ' ');
}
