/** A high surrogate without its low one, or a low one without its high one: such text is not valid Unicode. */
const LONE_SURROGATE = /\p{Surrogate}/u;
const LONE_SURROGATES = /\p{Surrogate}/gu;

/** Replaces a character that can't be sent. */
const REPLACEMENT = '\u{fffd}';
const ELLIPSIS = '…';

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

/** Length in UTF-8, in bytes; workflow code has no `Buffer`. */
export function byteLength(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}

/**
 * Longest summary, in bytes of its JSON: a Temporal server refuses one of more than 200 bytes, and the payload around
 * it counts.
 */
const MAX_SUMMARY_BYTES = 160;

/** The text as a summary of a workflow or an activity: on one line, and as short as the server requires. */
export function summaryText(text: string): string {
  let summary = '';
  let bytes = byteLength(ELLIPSIS);
  const line = cut(printable(text), MAX_SUMMARY_BYTES);
  for (const character of line) {
    // JSON writes quotes, backslashes and some others as several characters.
    bytes += byteLength(JSON.stringify(character)) - 2;
    if (bytes > MAX_SUMMARY_BYTES) return `${summary}${ELLIPSIS}`;
    summary += character;
  }
  return summary;
}

/** Longest message of a failure, in characters: it is part of workflow history, and people read it. */
const MAX_MESSAGE = 8_000;
/** Longest single finding, note or problem, in characters. */
const MAX_LINE = 300;

/** A message of a failure, short enough for workflow history. */
export function boundedMessage(message: string): string {
  return cut(message, MAX_MESSAGE);
}

/** One finding, note or problem: on one line, at most 300 characters. */
export function boundedLine(text: string): string {
  return cut(printable(text), MAX_LINE);
}

/** The first lines, and how many more there are. */
export function boundedLines(lines: readonly string[], most: number, what: string): string[] {
  const more = lines.length - most;
  return [...lines.slice(0, most).map(boundedLine), ...(more > 0 ? [`and ${more} more ${what}`] : [])];
}
