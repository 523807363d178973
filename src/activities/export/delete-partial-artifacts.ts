import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import type { DeletedArtifacts, DeletePartialArtifactsRequest } from '../../contract/export-activities';
import type { StorageUri } from '../../contract/resource-names';
import { cut } from '../../contract/text';
import { ExportFailureType } from '../../contract/failures';
import { GoogleApiError, isPassing } from '../../google/api-error';
import type { StorageApi, StorageObject } from '../../google/storage';
import type { ExportDependencies } from '../dependencies';
import { exportFailure, failureOf, withFailures } from '../failures/failure';
import { withHeartbeats } from '../heartbeats';
import { outputDirectory } from './requested-output';
import { requireRunFolder } from './run-folder';

/** Longest name of an object that a message contains, in characters. */
const MAX_NAME = 300;
/** Longest reason for what is still there, in characters. */
const MAX_REASON = 600;
/** The service can still write when the folder is listed: it is listed again this many times at most. */
const MAX_LISTINGS = 5;

/** Removes what a cancelled export left in the run's own folder, and nothing else. What stays is reported. */
export async function deletePartialArtifacts(
  deps: ExportDependencies,
  { folder, heartbeatTimeoutMs }: DeletePartialArtifactsRequest,
): Promise<DeletedArtifacts> {
  const { info } = Context.current();
  // Whatever the request says: no folder but the run's own is ever emptied.
  requireRunFolder(folder, info);
  const deletion = new Deletion(deps.storage, outputDirectory(folder), folder, info.heartbeatDetails);
  const details = (): unknown => deletion.details();
  return withHeartbeats(heartbeatTimeoutMs, details, async () => {
    try {
      return await withFailures('deletion', () => deletion.run());
    } catch (error) {
      // The next attempt learns from it what was deleted so far.
      Context.current().heartbeat(details());
      throw error;
    }
  });
}

/** What an earlier attempt has found and deleted. */
const earlierSchema = z.object({ objectsFound: z.int().min(0), objectsDeleted: z.int().min(0) });

/** One attempt to empty a folder. */
class Deletion {
  private readonly signal = Context.current().cancellationSignal;
  private readonly earlier: z.output<typeof earlierSchema> | undefined;
  /** By all attempts together. */
  private found = 0;
  private deleted = 0;
  /** Why each object that could not be deleted stays, by its generation. */
  private readonly kept = new Map<string, string>();
  /** Generations that are deleted: an old listing can still have them. */
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
        action: 'Retrying; no action needed. If this lasts, find out what writes there.',
      },
      { retry: true },
    );
  }

  private result(): DeletedArtifacts {
    const [reason] = this.kept.values();
    return {
      count: this.deleted,
      ...(reason !== undefined && { kept: { count: this.kept.size, reason: cut(reason, MAX_REASON) } }),
    };
  }

  private isDone(key: string): boolean {
    return this.kept.has(key) || this.gone.has(key);
  }

  /** An object that an earlier attempt found, and that is not listed any more, was deleted: its answer was lost. */
  private countEarlier(listed: number): void {
    this.deleted = Math.max(this.deleted, this.found - listed);
    this.found = this.deleted + listed;
  }

  /** All of the folder, before anything is deleted: to delete between the pages of a list could shift them. */
  private async list(): Promise<StorageObject[]> {
    const { bucket, path } = this.directory;
    const objects: StorageObject[] = [];
    for await (const page of this.storage.listObjects(bucket, path, this.signal)) objects.push(...page);
    const stranger = objects.find(({ name }) => !name.startsWith(path));
    if (stranger !== undefined) throw notBelow(this.folder, stranger.name);
    return objects;
  }

  private async delete(object: StorageObject): Promise<void> {
    try {
      const outcome = await this.storage.deleteObject(this.directory.bucket, object, this.signal);
      // The next listing has the generation that took its place.
      if (outcome === 'replaced') return;
      this.gone.add(keyOf(object));
      this.deleted += 1;
    } catch (error) {
      // One that may not be deleted must not keep the others.
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
    action: 'Nothing was deleted. Check what answers in the place of Cloud Storage.',
  });
}
