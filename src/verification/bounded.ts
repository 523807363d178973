import type { InspectedFile } from './inspected';
import { countedBy, MAX_MESSAGE_LENGTH, moreLine, shown } from './messages';

/** A list of verified files. */
interface FileList {
  readonly entries: readonly object[];
  /** Whether entries are left out. */
  readonly truncated: boolean;
}

/** The parts of a verification's result whose size depends on the exported files. */
export interface BoundedVerification<Files extends FileList> {
  readonly files?: Files;
  readonly inspected?: readonly InspectedFile[];
  readonly notes: readonly string[];
}

/** Notes that are kept. */
const MAX_NOTES = 200;
/** Inspected files that are kept. */
const MAX_INSPECTED = 100;
/** Largest shares of the bytes for notes and for inspected files; the listed files get the rest. */
const SHARES = { notes: 0.25, inspected: 0.5 };
/** Bytes for the notes that count what was left out. */
const RESERVED_BYTES = 1_024;
/** Lengths that lists in a summary are cut to, tried from long to short. */
const LIST_LENGTHS = [20, 10, 5, 2, 1, 0];

/**
 * Limits the size of a verification's result, which becomes part of workflow history. Notes count what is left out;
 * `files.truncated` states whether listed files are left out.
 *
 * @param maxBytes of the result as JSON in UTF-8
 */
export function boundedVerification<Files extends FileList>(
  { files, inspected = [], notes }: BoundedVerification<Files>,
  maxBytes: number,
): BoundedVerification<Files> {
  const available = Math.max(0, maxBytes - RESERVED_BYTES);
  const keptNotes = boundedTexts(notes, { what: 'notes', maxCount: MAX_NOTES, maxBytes: available * SHARES.notes });
  const summaries = boundedInspected(inspected, available * SHARES.inspected);
  const remaining = available - bytesOf(keptNotes) - bytesOf(summaries.kept);
  const keptFiles = files && boundedFiles(files, remaining);
  return {
    ...(keptFiles && { files: keptFiles }),
    ...(summaries.kept.length > 0 && { inspected: summaries.kept }),
    notes: [...keptNotes, ...summaries.notes],
  };
}

/** Limits the findings of a failure by count and by bytes of JSON; a last line counts the others. */
export function boundedFindings(findings: readonly string[], maxCount: number, maxBytes: number): string[] {
  return boundedTexts(findings, { what: 'findings', maxCount, maxBytes });
}

/**
 * The first findings or notes, each cut to 300 characters; a last line counts the others.
 *
 * @param maxBytes of the texts as JSON in UTF-8
 */
function boundedTexts(
  texts: readonly string[],
  { what, maxCount, maxBytes }: { readonly what: string; readonly maxCount: number; readonly maxBytes: number },
): string[] {
  const kept: string[] = [];
  let remaining = maxBytes - bytesOf(moreLine(Number.MAX_SAFE_INTEGER, what));
  let more = 0;
  for (const text of texts) {
    const counted = countedBy(text);
    const message = shown(text, MAX_MESSAGE_LENGTH);
    const bytes = bytesOf(message) + 1;
    if (counted === undefined && kept.length < maxCount && bytes <= remaining) {
      kept.push(message);
      remaining -= bytes;
    } else more += counted ?? 1;
  }
  return more > 0 ? [...kept, moreLine(more, what)] : kept;
}

/** Keeps all files with shorter lists rather than few files with long lists. */
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
      ...(more > 0 ? [`${more} more inspected files were left out to keep the result small`] : []),
    ],
  };
}

function withLists<T>(value: T, length: number): T;
function withLists(value: unknown, length: number): unknown {
  if (Array.isArray(value)) {
    const entries: unknown[] = value;
    // A list of numbers is a shape: a cut one would be another shape.
    if (typeof entries[0] === 'number') return entries;
    return entries.slice(0, length).map((entry: unknown) => withLists(entry, length));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]: [string, unknown]) => [key, withLists(entry, length)]),
  );
}

function boundedFiles<Files extends FileList>(files: Files, maxBytes: number): Files {
  let remaining = maxBytes - bytesOf({ ...files, entries: [] });
  let count = 0;
  for (const entry of files.entries) {
    remaining -= bytesOf(entry) + 1;
    if (remaining < 0) break;
    count += 1;
  }
  if (count === files.entries.length) return files;
  return { ...files, entries: files.entries.slice(0, count), truncated: true };
}

function bytesOf(value: object | string): number {
  return Buffer.byteLength(JSON.stringify(value));
}
