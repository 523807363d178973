import { cut, ELLIPSIS, printable } from '../internal/text';

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
