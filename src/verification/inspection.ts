import type { InspectedFile } from './inspected';
import { ChangedFileError } from './artifact-file';
import type { ExportFiles } from './export-files';
import { pathBeside } from './export-files';
import { messageAbout, Messages, shown, shownName } from './messages';
import { LoadedParts } from './readers/loaded-parts';
import { MalformedFileError, MissingBytesError, SparseBytes } from './readers/sparse-bytes';
import type { Inspecting, Pause } from './readers/work';
import { LimitError, WorkMeter } from './readers/work';
import { runInSlices } from './slices';

/** What the inspection of an export gave: findings make the verification fail, notes do not. Each names its file. */
export interface Inspection {
  readonly findings: readonly string[];
  readonly notes: readonly string[];
  /** What was learned, for people. */
  readonly inspected: readonly InspectedFile[];
  /** Files that were inspected, or that others refer to: they belong to the export. */
  readonly used: readonly string[];
}

/** What the inspection of one file gave, and what it cost. */
export interface FileInspection {
  readonly findings: Messages;
  readonly notes: Messages;
  readonly inspected: readonly InspectedFile[];
  readonly work: Pick<WorkMeter, 'steps' | 'mostStepsAtOnce' | 'breaks' | 'cpuMs' | 'longestSliceMs'>;
}

/** What is learned of a file, without its path. */
type Learned = InspectedFile extends infer File ? (File extends { path: string } ? Omit<File, 'path'> : never) : never;

/** What an inspector has at hand beside the bytes of its file. */
export interface Look {
  /** The path of a file that is named relative to the inspected one; `undefined` where it is outside of its directory. */
  beside(reference: string): string | undefined;
  /** The path of a file that is named relative to the directory above the inspected one's. */
  above(reference: string): string | undefined;
  /** The size of another file of the export by its whole path; `undefined` where there is none. */
  sizeOf(path: string | undefined): number | undefined;
  /** Another file of the export by its whole path; `undefined` where there is none. */
  open(path: string | undefined): SparseBytes | undefined;
  /** Something is wrong with the file; the text follows its path: `has no signatures`. */
  finding(text: string): void;
  /** Something is worth knowing. */
  note(text: string): void;
  /** A part of the file, or of another one that belongs to it, was not inspected. */
  limited(error: LimitError): void;
  learned(learned: Learned): void;
}

/**
 * Inspects a file. It reads what is loaded, and yields where bytes are missing and wherever it may be interrupted: see
 * {@link Inspecting}. An inspector that does not yield runs again from its begin when bytes had to be read, and may
 * take only few steps. What it reports before it throws counts; the most important comes first.
 */
export type Inspector = (bytes: SparseBytes, look: Look) => Inspecting | undefined;

/** Waits of one inspection, for bytes or for work that is done elsewhere. */
const MAX_WAITS = 1_000;
/** What all files that one inspection reads may have in memory, in bytes. */
const MAX_LOADED_BYTES = 32 * 1024 * 1024;
/** Steps that making a message costs. */
const MESSAGE_STEPS = 25;
/** Findings, and notes, of one file that are kept. */
const MAX_MESSAGES = 50;

/** Inspects one file. Whatever the file holds, the answer is an inspection; only reading it can fail. */
export async function inspectFile(inspector: Inspector, name: string, files: ExportFiles): Promise<FileInspection> {
  const inspection = new RunningInspection(name, files);
  try {
    await inspection.run(inspector);
  } finally {
    files.trim();
  }
  return inspection;
}

/** Inspects content that is in memory as a whole. @throws what the work throws */
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

/** A file could not be read, which says nothing about its content. */
class ReadFailure extends Error {
  constructor(override readonly cause: unknown) {
    super('a file could not be read');
  }
}

class RunningInspection implements FileInspection, Look {
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
      this.ended(error);
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
    const before = this.opened.get(path);
    if (before) return before;
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

  learned(learned: Learned): void {
    this.inspected.push(shortened({ path: shownName(this.name, MAX_TEXT), ...learned }));
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

  private ended(error: unknown): void {
    if (error instanceof LimitError) this.limited(error);
    else if (error instanceof ChangedFileError || error instanceof MalformedFileError) {
      this.findings.add(messageAbout(error.path, error.message));
    } else {
      // An inspector that fails says nothing about the file, and must not fail the verification.
      const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      this.limited(new LimitError(this.name, `the inspection failed with ${reason}`));
    }
  }
}

const MAX_TEXT = 200;
const MAX_ENTRIES = 20;

/** What files say of themselves becomes part of workflow history: no text and no list of it may be long. */
function shortened<T>(value: T): T;
function shortened(value: unknown): unknown {
  if (typeof value === 'string') return shown(value, MAX_TEXT);
  if (Array.isArray(value)) return value.slice(0, MAX_ENTRIES).map((entry: unknown) => shortened(entry));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]: [string, unknown]) => [key, shortened(entry)]));
}
