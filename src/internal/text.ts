/** A surrogate without its other half. Text with one is not valid Unicode. */
const LONE_SURROGATE = /\p{Surrogate}/u;
const LONE_SURROGATES = /\p{Surrogate}/gu;

/** Replacement for an invalid character. */
const REPLACEMENT = '\u{fffd}';
/** End of a shortened text. */
export const ELLIPSIS = '…';

/**
 * Whether a text is valid Unicode. Other text can't be encoded in UTF-8: Temporal's SDK shuts a worker down if a
 * command contains it.
 */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}

/**
 * Shortens a text to at most `maxLength` UTF-16 code units. A shortened text ends with `…`. The result is always valid
 * Unicode: no character is split, and invalid characters are replaced.
 */
export function cut(text: string, maxLength: number): string {
  const shortened = text.length <= maxLength ? text : `${text.slice(0, Math.max(0, maxLength - 1))}${ELLIPSIS}`;
  return isWellFormed(shortened) ? shortened : shortened.replace(LONE_SURROGATES, REPLACEMENT);
}

/**
 * Puts a text on one line that is safe to print in a terminal: control characters, and characters that change the
 * direction of text, become spaces.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\u{2028}\u{2029}\u{202a}-\u{202e}\u{2066}-\u{2069}\u{200e}\u{200f}]+/gu, ' ');
}
