/** A surrogate without its other half. Text with one is not valid Unicode. */
const LONE_SURROGATE = /\p{Surrogate}/u;
const LONE_SURROGATES = /\p{Surrogate}/gu;

/** Replacement for an invalid character. */
const REPLACEMENT = '\u{fffd}';
const ELLIPSIS = '…';

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

/** Length of a text in UTF-8, in bytes. Workflow code has no `Buffer`. */
export function byteLength(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}

/**
 * Longest summary, in bytes of JSON. A Temporal server rejects more than 200 bytes, including the payload's other
 * fields.
 */
const MAX_SUMMARY_BYTES = 160;

/** Shortens a text to a summary of a workflow or an activity, on one line. */
export function summaryText(text: string): string {
  let summary = '';
  let bytes = byteLength(ELLIPSIS);
  const line = cut(printable(text), MAX_SUMMARY_BYTES);
  for (const character of line) {
    // JSON escapes quotes, backslashes and some other characters.
    bytes += byteLength(JSON.stringify(character)) - 2;
    if (bytes > MAX_SUMMARY_BYTES) return `${summary}${ELLIPSIS}`;
    summary += character;
  }
  return summary;
}

/** Longest message of a failure, in characters. It is part of the workflow history. */
const MAX_MESSAGE = 8_000;
/** Longest single finding, note or problem, in characters. */
const MAX_LINE = 300;

/** Shortens the message of a failure to 8,000 characters. */
export function boundedMessage(message: string): string {
  return cut(message, MAX_MESSAGE);
}

/** Shortens a finding, a note or a problem to one line of at most 300 characters. */
export function boundedLine(text: string): string {
  return cut(printable(text), MAX_LINE);
}

/** The first lines, and the number of the others. */
export function boundedLines(lines: readonly string[], maxLines: number, kind: string): string[] {
  const more = lines.length - maxLines;
  return [...lines.slice(0, maxLines).map(boundedLine), ...(more > 0 ? [`and ${more} more ${kind}`] : [])];
}
