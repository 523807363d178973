import path from 'node:path';
import type { InspectedFile } from '../contract';
import type { ArtifactFile } from './artifact-file';
import { ChangedFileError } from './artifact-file';
import { MalformedFileError, MissingBytesError, ReadLimitError, SparseBytes } from './reading/sparse-bytes';

/** What a look at an export gave: findings make the verification fail, notes do not. Each names its file. */
export interface Inspection {
  readonly findings: readonly string[];
  readonly notes: readonly string[];
  /** What was learned, for people. */
  readonly inspected: readonly InspectedFile[];
  /** Files that others refer to, so that they are no strangers. */
  readonly used: readonly string[];
}

/** What is learned of a file, without its path. */
type Learned = InspectedFile extends infer File ? (File extends { path: string } ? Omit<File, 'path'> : never) : never;

/** What an inspector has at hand beside the bytes of its file. */
export interface Look {
  /** Sizes of all files of the export, by path. */
  readonly sizes: ReadonlyMap<string, number>;
  /** The path of a file that is named relative to the one that is looked into. */
  beside(name: string): string;
  /** Another file of the export by its whole path; `undefined` where there is none. */
  open(path: string): SparseBytes | undefined;
  /** Something is wrong with the file; the text follows its path: `has no signatures`. */
  finding(text: string): void;
  /** Something is worth knowing, or was not looked at. */
  note(text: string): void;
  learned(learned: Learned): void;
}

/**
 * Looks into a file. It is synchronous, and run again from its begin whenever bytes had to be read first, so it keeps
 * no state. What it tells before it throws counts; the most important comes first.
 */
export type Inspector = (bytes: SparseBytes, look: Look) => void;

/** Runs of one inspector: each but the last one had bytes to read. */
const MAX_RUNS = 500;
/** Accesses of all runs together. */
const MAX_STEPS_IN_ALL = 20_000_000;
/** What all files that one inspector looks into may have in memory, in bytes. */
const MAX_LOADED_BYTES = 32 * 1024 * 1024;
/** What is kept in memory of files that have been looked into, since an index may look into them again, in bytes. */
const MAX_KEPT_BYTES = 16 * 1024 * 1024;

/** The files of an export, of which parts are in memory. */
export class ExportFiles {
  readonly sizes: ReadonlyMap<string, number>;
  private readonly files: ReadonlyMap<string, ArtifactFile>;
  /** Least recently used first. */
  private readonly opened = new Map<string, SparseBytes>();

  constructor(files: readonly ArtifactFile[]) {
    this.files = new Map(files.map((file) => [file.path, file]));
    this.sizes = new Map(files.map((file) => [file.path, file.bytes]));
  }

  open(name: string): SparseBytes | undefined {
    const file = this.files.get(name);
    if (file === undefined) return undefined;
    const bytes = this.opened.get(name) ?? new SparseBytes(file);
    this.opened.delete(name);
    this.opened.set(name, bytes);
    return bytes;
  }

  /** Forgets what was read of the files that were used least recently. */
  trim(): void {
    let kept = [...this.opened.values()].reduce((sum, { loadedBytes }) => sum + loadedBytes, 0);
    for (const [name, { loadedBytes }] of this.opened) {
      if (kept <= MAX_KEPT_BYTES) return;
      this.opened.delete(name);
      kept -= loadedBytes;
    }
  }
}

/** Looks into one file with its inspector; whatever the file holds, the answer is an inspection. */
export async function inspectFile(inspector: Inspector, name: string, files: ExportFiles): Promise<Inspection> {
  const inspection = new RunningInspection(name, files);
  try {
    for (let run = 1; run <= MAX_RUNS; run += 1) {
      const missing = inspection.run(inspector);
      if (missing === undefined) return inspection;
      await missing.bytes.load(missing.ranges);
    }
    inspection.notes.push(`${name}: was not looked into whole: its parts are too scattered`);
  } catch (error) {
    if (error instanceof ReadLimitError) inspection.notes.push(`${error.path}: ${error.message}`);
    else if (error instanceof ChangedFileError) inspection.findings.push(`${error.path}: ${error.message}`);
    else throw error;
  } finally {
    files.trim();
  }
  return inspection;
}

class RunningInspection implements Inspection, Look {
  findings: string[] = [];
  notes: string[] = [];
  inspected: InspectedFile[] = [];
  used: string[] = [];
  readonly sizes: ReadonlyMap<string, number>;
  private readonly opened = new Map<string, SparseBytes>();
  private steps = 0;

  constructor(
    private readonly name: string,
    private readonly files: ExportFiles,
  ) {
    this.sizes = files.sizes;
  }

  /** Runs an inspector from its begin; gives what has to be read before the next run, if anything. */
  run(inspector: Inspector): MissingBytesError | undefined {
    this.findings = [];
    this.notes = [];
    this.inspected = [];
    this.used = [];
    for (const bytes of this.opened.values()) bytes.rewind();
    try {
      const bytes = this.open(this.name);
      if (bytes) inspector(bytes, this);
      return undefined;
    } catch (error) {
      if (error instanceof MissingBytesError) return this.affordable(error);
      if (!(error instanceof MalformedFileError)) throw error;
      this.findings.push(`${error.path}: ${error.message}`);
      return undefined;
    }
  }

  beside(name: string): string {
    return path.posix.join(path.posix.dirname(this.name), name);
  }

  open(name: string): SparseBytes | undefined {
    this.used.push(name);
    const bytes = this.opened.get(name) ?? this.files.open(name);
    if (bytes) this.opened.set(name, bytes);
    return bytes;
  }

  finding(text: string): void {
    this.findings.push(`${this.name}: ${text}`);
  }

  note(text: string): void {
    this.notes.push(`${this.name}: ${text}`);
  }

  learned(learned: Learned): void {
    this.inspected.push(shortened({ path: this.name, ...learned }));
  }

  /** Another run would cost too much where a file sends its reader back and forth. */
  private affordable(missing: MissingBytesError): MissingBytesError {
    const opened = [...this.opened.values()];
    this.steps += opened.reduce((sum, { steps }) => sum + steps, 0);
    const loaded = opened.reduce((sum, { loadedBytes }) => sum + loadedBytes, 0);
    if (this.steps <= MAX_STEPS_IN_ALL && loaded <= MAX_LOADED_BYTES) return missing;
    throw new ReadLimitError(this.name, `was not looked into whole: ${loaded} bytes of it and its files were read`);
  }
}

const MAX_TEXT = 200;
const MAX_ENTRIES = 20;

/** What files say of themselves stands in workflow history: no text and no list of it may be long. */
function shortened<T>(value: T): T;
function shortened(value: unknown): unknown {
  if (typeof value === 'string') {
    return value.replace(/\p{Cc}/gu, ' ').slice(0, MAX_TEXT);
  }
  if (Array.isArray(value)) return value.slice(0, MAX_ENTRIES).map((entry: unknown) => shortened(entry));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]: [string, unknown]) => [key, shortened(entry)]));
}
