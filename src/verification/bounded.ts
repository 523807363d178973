import type { InspectedFile } from './inspected';
import type { VerifiedFiles } from '../contract/export-result';
import { countedBy, MAX_MESSAGE_LENGTH, moreLine, shown } from './messages';

/** What a verification reports, as far as its size depends on what was exported. */
export interface BoundedVerification {
  readonly files?: VerifiedFiles;
  readonly inspected?: readonly InspectedFile[];
  readonly notes: readonly string[];
}

/** Notes that are kept. */
const MAX_NOTES = 200;
/** Inspected files that are kept. */
const MAX_INSPECTED = 100;
/** Shares of the bytes that notes, and inspected files, may take at most; the listed files get the rest. */
const SHARES = { notes: 0.25, inspected: 0.5 };
/** Bytes for the notes that count what was cut. */
const RESERVED_BYTES = 1_024;
/** Entries of each list in a summary, from most to least. */
const LIST_LENGTHS = [20, 10, 5, 2, 1, 0];

/**
 * Bounds what a verification reports: it becomes part of workflow history, where everything together must stay below
 * 256 KB. What is cut is counted in the notes; `files.truncated` says whether listed files are left out.
 *
 * @param maxBytes of the result as JSON in UTF-8
 */
export function boundedVerification(
  { files, inspected = [], notes }: BoundedVerification,
  maxBytes: number,
): BoundedVerification {
  const available = Math.max(0, maxBytes - RESERVED_BYTES);
  const told = boundedTexts(notes, { what: 'notes', maxCount: MAX_NOTES, maxBytes: available * SHARES.notes });
  const summaries = boundedInspected(inspected, available * SHARES.inspected);
  const left = available - bytesOf(told) - bytesOf(summaries.kept);
  const listed = files && boundedFiles(files, left);
  return {
    ...(listed && { files: listed }),
    ...(summaries.kept.length > 0 && { inspected: summaries.kept }),
    notes: [...told, ...summaries.notes],
  };
}

/**
 * Findings or notes, each with at most 300 characters, as many as are allowed by count and bytes; a last line counts
 * the others.
 *
 * @param maxBytes of the texts as JSON in UTF-8
 */
export function boundedTexts(
  texts: readonly string[],
  { what, maxCount, maxBytes }: { readonly what: string; readonly maxCount: number; readonly maxBytes: number },
): string[] {
  const kept: string[] = [];
  let left = maxBytes - bytesOf(moreLine(Number.MAX_SAFE_INTEGER, what));
  let more = 0;
  for (const text of texts) {
    const counted = countedBy(text);
    const message = shown(text, MAX_MESSAGE_LENGTH);
    const bytes = bytesOf(message) + 1;
    if (counted === undefined && kept.length < maxCount && bytes <= left) {
      kept.push(message);
      left -= bytes;
    } else more += counted ?? 1;
  }
  return more > 0 ? [...kept, moreLine(more, what)] : kept;
}

/** The findings of a failure: at most this many, of at most these bytes as JSON; a last line counts the others. */
export function boundedFindings(findings: readonly string[], maxCount: number, maxBytes: number): string[] {
  return boundedTexts(findings, { what: 'findings', maxCount, maxBytes });
}

/** Keeps all files with shorter lists rather than few files with long ones. */
function boundedInspected(
  inspected: readonly InspectedFile[],
  maxBytes: number,
): { kept: readonly InspectedFile[]; notes: string[] } {
  const first = inspected.slice(0, MAX_INSPECTED);
  let kept: InspectedFile[] = [];
  let shortened = 0;
  for (const length of LIST_LENGTHS) {
    kept = first.map((file) => withLists(file, length));
    shortened = kept.filter((file, index) => bytesOf(file) < bytesOf(first[index] ?? {})).length;
    if (bytesOf(kept) <= maxBytes) break;
  }
  while (kept.length > 0 && bytesOf(kept) > maxBytes) kept = kept.slice(0, Math.floor(kept.length / 2));
  const more = inspected.length - kept.length;
  return {
    kept,
    notes: [
      ...(shortened > 0 ? [`lists of ${shortened} inspected files were shortened to keep the result small`] : []),
      ...(more > 0 ? [`${more} more files were inspected and are not in the result, to keep it small`] : []),
    ],
  };
}

function withLists<T>(value: T, length: number): T;
function withLists(value: unknown, length: number): unknown {
  if (Array.isArray(value)) {
    const entries: unknown[] = value;
    // A shape is a list of numbers, and says something else where it is cut.
    if (typeof entries[0] === 'number') return entries;
    return entries.slice(0, length).map((entry: unknown) => withLists(entry, length));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]: [string, unknown]) => [key, withLists(entry, length)]),
  );
}

function boundedFiles(files: VerifiedFiles, maxBytes: number): VerifiedFiles {
  let left = maxBytes - bytesOf({ ...files, entries: [] });
  let count = 0;
  for (const entry of files.entries) {
    left -= bytesOf(entry) + 1;
    if (left < 0) break;
    count += 1;
  }
  if (count === files.entries.length) return files;
  return { ...files, entries: files.entries.slice(0, count), truncated: true };
}

function bytesOf(value: object | string): number {
  return Buffer.byteLength(JSON.stringify(value));
}
