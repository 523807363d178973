import type { InspectedFile } from './inspected';
import { ChangedFileError } from './artifact-file';
import type { ExportFiles } from './export-files';
import { pathBeside } from './export-files';
import { messageAbout, Messages, shown, shownName } from './messages';
import { LoadedParts } from './readers/loaded-parts';
import { MalformedFileError, SparseBytes } from './readers/sparse-bytes';
import { MissingBytesError } from './readers/missing-bytes';
import type { Inspecting, Pause } from './readers/work';
import { WorkMeter } from './readers/work';
import { LimitError } from './readers/limit-error';
import { runInSlices } from './slices';

/** The result of inspecting an export: findings fail the verification, notes do not. Each names its file. */
export interface Inspection {
  readonly findings: readonly string[];
  readonly notes: readonly string[];
  /** Facts about the files, for people. */
  readonly inspected: readonly InspectedFile[];
  /** Files that were inspected, or that others refer to: they belong to the export. */
  readonly used: readonly string[];
}

/** The result of inspecting one file, and its cost. */
export interface FileInspection {
  readonly findings: Messages;
  readonly notes: Messages;
  readonly inspected: readonly InspectedFile[];
  readonly work: Pick<WorkMeter, 'steps' | 'mostStepsAtOnce' | 'breaks' | 'cpuMs' | 'longestSliceMs'>;
}

/** The facts about a file, without its path. */
type FileSummary = InspectedFile extends infer File
  ? File extends { path: string }
    ? Omit<File, 'path'>
    : never
  : never;

/** What an inspector can use and report to, beside the bytes of its file. */
export interface InspectionContext {
  /** The path of a file that is named relative to the inspected one; `undefined` if it leads out of the directory. */
  beside(reference: string): string | undefined;
  /** The path of a file that is named relative to the directory above the inspected one's. */
  above(reference: string): string | undefined;
  /** The size of another file of the export by its whole path; `undefined` if there is none. */
  sizeOf(path: string | undefined): number | undefined;
  /** Another file of the export by its whole path; `undefined` if there is none. */
  open(path: string | undefined): SparseBytes | undefined;
  /** Reports a fault of the file; the text follows the file's path: `has no signatures`. */
  finding(text: string): void;
  /** Reports a fact worth knowing that is not a fault. */
  note(text: string): void;
  /** Reports that a part of the file, or of another file that belongs to it, was not inspected. */
  limited(error: LimitError): void;
  /** Reports the facts about the file. */
  summarize(summary: FileSummary): void;
}

/**
 * Inspects a file. It reads loaded bytes, and yields if bytes are missing and wherever it may be interrupted: see
 * {@link Inspecting}. An inspector that does not yield starts again when bytes had to be loaded, so it may take only a
 * few steps. What it reports before it throws counts; report the most important facts first.
 */
export type Inspector = (bytes: SparseBytes, context: InspectionContext) => Inspecting | undefined;

/** Waits of one inspection, for bytes or for work that is done elsewhere. */
const MAX_WAITS = 1_000;
/** Largest total of loaded bytes of all files that one inspection reads. */
const MAX_LOADED_BYTES = 32 * 1024 * 1024;
/** Steps charged for a message. */
const MESSAGE_STEPS = 25;
/** Findings, and notes, of one file that are kept. */
const MAX_MESSAGES = 50;

/** Inspects one file. Any content leads to a result; the promise rejects only if the file can't be read. */
export async function inspectFile(inspector: Inspector, name: string, files: ExportFiles): Promise<FileInspection> {
  const inspection = new RunningInspection(name, files);
  try {
    await inspection.run(inspector);
  } finally {
    files.trim();
  }
  return inspection;
}

/** Inspects content that is completely in memory. @throws what `work` throws */
export function inspectContent<T>(
  name: string,
  content: Buffer,
  work: (bytes: SparseBytes) => Inspecting<T>,
): Promise<T> {
  const meter = new WorkMeter(name);
  const answer = async (pause: Pause): Promise<void> => {
    if (pause instanceof MissingBytesError) await pause.parts.load(pause.ranges);
    else await pause;
  };
  return runInSlices(work(new SparseBytes(LoadedParts.of(name, content), meter)), answer, meter);
}

/** A file could not be read; this is not a fault of its content. */
class ReadFailure extends Error {
  constructor(override readonly cause: unknown) {
    super('a file could not be read');
  }
}

class RunningInspection implements FileInspection, InspectionContext {
  readonly findings = new Messages('findings', MAX_MESSAGES);
  readonly notes = new Messages('notes', MAX_MESSAGES);
  inspected: InspectedFile[] = [];
  readonly work: WorkMeter;
  private readonly opened = new Map<string, SparseBytes>();
  private waits = 0;

  constructor(
    private readonly name: string,
    private readonly files: ExportFiles,
  ) {
    this.work = new WorkMeter(name);
  }

  async run(inspector: Inspector): Promise<void> {
    try {
      await runInSlices(this.inspecting(inspector), (pause) => this.answer(pause), this.work);
    } catch (error) {
      if (error instanceof ReadFailure) throw error.cause;
      this.reportEnd(error);
    }
  }

  beside(reference: string): string | undefined {
    return pathBeside(this.name, reference, this.files);
  }

  above(reference: string): string | undefined {
    const directory = this.name.slice(0, this.name.lastIndexOf('/') + 1);
    return directory === '' ? undefined : pathBeside(directory.slice(0, -1), reference, this.files);
  }

  sizeOf(path: string | undefined): number | undefined {
    this.work.charge(2);
    return path === undefined ? undefined : this.files.sizeOf(path);
  }

  open(path: string | undefined): SparseBytes | undefined {
    this.work.charge(2);
    if (path === undefined) return undefined;
    const known = this.opened.get(path);
    if (known) return known;
    const parts = this.files.open(path);
    const bytes = parts && new SparseBytes(parts, this.work);
    if (bytes) this.opened.set(path, bytes);
    return bytes;
  }

  finding(text: string): void {
    this.work.charge(MESSAGE_STEPS);
    this.findings.add(messageAbout(this.name, text));
  }

  note(text: string): void {
    this.work.charge(MESSAGE_STEPS);
    this.notes.add(messageAbout(this.name, text));
  }

  limited({ path, message }: LimitError): void {
    this.notes.add(messageAbout(path, `was not fully inspected: ${message}`));
  }

  summarize(summary: FileSummary): void {
    this.inspected.push(shortened({ path: shownName(this.name, MAX_TEXT), ...summary }));
  }

  private *inspecting(inspector: Inspector): Inspecting {
    for (;;) {
      this.findings.clear();
      this.notes.clear();
      this.inspected = [];
      try {
        const bytes = this.open(this.name);
        const inspecting = bytes && inspector(bytes, this);
        if (inspecting) yield* inspecting;
        return;
      } catch (error) {
        if (!(error instanceof MissingBytesError)) throw error;
        yield error;
      }
    }
  }

  private async answer(pause: Pause): Promise<void> {
    this.waits += 1;
    if (this.waits > MAX_WAITS) throw new LimitError(this.name, 'its parts are too scattered');
    try {
      if (!(pause instanceof MissingBytesError)) await pause;
      else await pause.parts.load(pause.ranges);
    } catch (error) {
      const concernsFile = error instanceof LimitError || error instanceof ChangedFileError;
      throw concernsFile ? error : new ReadFailure(error);
    }
    let loaded = 0;
    for (const { parts } of this.opened.values()) loaded += parts.bytes;
    if (loaded > MAX_LOADED_BYTES) throw new LimitError(this.name, `${loaded} bytes of it and its files were read`);
  }

  private reportEnd(error: unknown): void {
    if (error instanceof LimitError) this.limited(error);
    else if (error instanceof ChangedFileError || error instanceof MalformedFileError) {
      this.findings.add(messageAbout(error.path, error.message));
    } else {
      // A defect of an inspector is not a fault of the file, so it must not fail the verification.
      this.limited(new LimitError(this.name, `the inspection failed with ${String(error)}`));
    }
  }
}

const MAX_TEXT = 200;
const MAX_ENTRIES = 20;

/** Cuts texts and lists from files: they become part of workflow history. */
function shortened<T>(value: T): T;
function shortened(value: unknown): unknown {
  if (typeof value === 'string') return shown(value, MAX_TEXT);
  if (Array.isArray(value)) return value.slice(0, MAX_ENTRIES).map((entry: unknown) => shortened(entry));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]: [string, unknown]) => [key, shortened(entry)]));
}
