import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import type { DeletedArtifacts, DeletePartialArtifactsRequest } from '../../contract/export-activities';
import type { StorageUri } from '../../contract/resource-names';
import { cut } from '../../internal/text';
import { ExportFailureType } from '../../contract/failures';
import { GoogleApiError, isPassing } from '../../google/api-error';
import type { StorageApi, StorageObject } from '../../google/storage';
import { defined } from '../../internal/defined';
import type { ExportDependencies } from '../dependencies';
import { exportFailure, failureOf } from '../failures/failure';
import type { ReportDetails } from '../heartbeats';
import { outputDirectory } from './requested-output';
import { requireRunFolder } from './run-folder';

/** Longest name of an object that a message contains, in characters. */
const MAX_NAME = 300;
/** Longest reason for remaining objects, in characters. */
const MAX_REASON = 600;
/** Most listings of the folder: the service can still write while it is emptied. */
const MAX_LISTINGS = 5;

/**
 * Deletes what a cancelled export left in the run's own folder, and nothing else. Objects that can't be deleted are
 * reported. Errors of Cloud Storage are thrown unchanged.
 */
export async function deletePartialArtifacts(
  deps: ExportDependencies,
  { folder }: DeletePartialArtifactsRequest,
  report: ReportDetails,
): Promise<DeletedArtifacts> {
  const { info } = Context.current();
  // Any workflow can call the activity: only the caller's own folder is emptied.
  requireRunFolder(folder, info);
  const deletion = new Deletion(deps.storage, outputDirectory(folder), folder, info.heartbeatDetails);
  const details = (): unknown => deletion.details();
  report(details);
  try {
    return await deletion.run();
  } catch (error) {
    // The next attempt reads from it what was deleted so far.
    Context.current().heartbeat(details());
    throw error;
  }
}

/** What an earlier attempt found and deleted. */
const earlierSchema = z.object({ objectsFound: z.int().min(0), objectsDeleted: z.int().min(0) });

/** One attempt to empty a folder. */
class Deletion {
  private readonly signal = Context.current().cancellationSignal;
  private readonly earlier: z.output<typeof earlierSchema> | undefined;
  /** By all attempts together. */
  private found = 0;
  private deleted = 0;
  /** Why each remaining object could not be deleted, by generation and name. */
  private readonly kept = new Map<string, string>();
  /** Deleted generations: an outdated listing can still contain them. */
  private readonly gone = new Set<string>();

  constructor(
    private readonly storage: StorageApi,
    private readonly directory: StorageUri,
    private readonly folder: string,
    heartbeatDetails: unknown,
  ) {
    this.earlier = earlierSchema.safeParse(heartbeatDetails).data;
    this.found = this.earlier?.objectsFound ?? 0;
    this.deleted = this.earlier?.objectsDeleted ?? 0;
  }

  details(): unknown {
    return { step: 'deleting', objectsFound: this.found, objectsDeleted: this.deleted };
  }

  async run(): Promise<DeletedArtifacts> {
    for (let listing = 1; listing <= MAX_LISTINGS; listing += 1) {
      const objects = (await this.list()).filter((object) => !this.isDone(keyOf(object)));
      if (listing === 1) this.countEarlier(objects.length);
      else this.found += objects.length;
      if (objects.length === 0) return this.result();
      Context.current().heartbeat(this.details());
      for (const object of objects) await this.delete(object);
    }
    throw exportFailure(
      `Objects are written to ${this.folder} while it is emptied`,
      {
        type: ExportFailureType.Unavailable,
        action: 'Retrying; no action needed. If this lasts, find and stop what writes to the folder.',
      },
      { retry: true },
    );
  }

  private result(): DeletedArtifacts {
    const [reason] = this.kept.values();
    return {
      count: this.deleted,
      ...defined({
        kept: reason === undefined ? undefined : { count: this.kept.size, reason: cut(reason, MAX_REASON) },
      }),
    };
  }

  private isDone(key: string): boolean {
    return this.kept.has(key) || this.gone.has(key);
  }

  /** Counts objects that an earlier attempt found and that are no longer listed: they were deleted, but the answer was lost. */
  private countEarlier(listed: number): void {
    this.deleted = Math.max(this.deleted, this.found - listed);
    this.found = this.deleted + listed;
  }

  /** Lists the whole folder before anything is deleted: deletions between two pages could shift the list. */
  private async list(): Promise<StorageObject[]> {
    const { bucket, path } = this.directory;
    const objects: StorageObject[] = [];
    for await (const page of this.storage.listObjects(bucket, path, this.signal)) objects.push(...page);
    const outside = objects.find(({ name }) => !name.startsWith(path));
    if (outside !== undefined) throw notBelow(this.folder, outside.name);
    return objects;
  }

  private async delete(object: StorageObject): Promise<void> {
    try {
      const outcome = await this.storage.deleteObject(this.directory.bucket, object, this.signal);
      // The next listing has the new generation.
      if (outcome === 'replaced') return;
      this.gone.add(keyOf(object));
      this.deleted += 1;
    } catch (error) {
      // An object that may not be deleted must not prevent the deletion of the others.
      if (!(error instanceof GoogleApiError) || isPassing(error)) throw error;
      const failure = failureOf(error, 'deletion');
      if (!(failure instanceof ApplicationFailure) || failure.nonRetryable !== true) throw error;
      this.kept.set(keyOf(object), failure.message);
    }
  }
}

function keyOf({ name, generation }: StorageObject): string {
  return `${generation}/${name}`;
}

function notBelow(folder: string, name: string): Error {
  return exportFailure(`The list of ${folder} names an object that is not in it: ${cut(name, MAX_NAME)}`, {
    type: ExportFailureType.Unavailable,
    action: 'Nothing was deleted. Check that the Cloud Storage endpoint of the worker is the right one.',
  });
}
