import { cut, ELLIPSIS, printable } from '../internal/text';

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
