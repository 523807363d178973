import { createHash } from 'node:crypto';
import { Context } from '@temporalio/activity';
import type { StorageUri } from '../../contract/resource-names';
import { GoogleApiError, isThrottled } from '../../google/api-error';
import type { StorageApi, StorageObject } from '../../google/storage';
import type { RequestPurpose } from '../failures/table';
import { failureOf } from '../failures/failure';

/** An object that a step writes to a folder where nothing else writes. */
export interface ObjectToWrite {
  readonly place: StorageUri;
  readonly content: string;
  readonly contentType: string;
  readonly purpose: RequestPurpose;
  /** Whether existing content with other bytes is equivalent. Default: it is not. */
  readonly isSame?: (existing: string) => boolean;
}

/** The result of a write. */
export type WriteOutcome =
  | { readonly outcome: 'written' }
  /** An earlier attempt has written the same. */
  | { readonly outcome: 'already there' }
  /** Another object exists, and may not be replaced. */
  | { readonly outcome: 'refused'; readonly failure: unknown };

/** Largest object that is compared with the new content, in bytes. */
const MAX_COMPARED_BYTES = 64 * 1024 * 1024;

/**
 * Writes an object once, even if it may not be replaced. With a retention policy, a hold, or the right to create objects
 * only, a retry is refused although the first write has succeeded; this is not an error.
 *
 * @throws ApplicationFailure with a documented type if the object could not be written and does not exist
 */
export async function writeObjectOnce(storage: StorageApi, object: ObjectToWrite): Promise<WriteOutcome> {
  try {
    await write(storage, object, ABSENT);
    return { outcome: 'written' };
  } catch (error) {
    if (!isRefused(error)) throw failureOf(error, object.purpose);
    const existing = await find(storage, object);
    if (existing === 'unknown') {
      // Only this step writes here, so an earlier attempt has written the object.
      if (isTaken(error) && Context.current().info.attempt > 1) return { outcome: 'already there' };
      throw failureOf(error, object.purpose);
    }
    if (existing === undefined) throw failureOf(error, object.purpose);
    if (await hasSameContent(storage, object, existing)) return { outcome: 'already there' };
    if (!isTaken(error)) return { outcome: 'refused', failure: failureOf(error, object.purpose) };
    return replace(storage, object, existing);
  }
}

/** Generation of an object that does not exist. */
const ABSENT = '0';

function write(
  storage: StorageApi,
  { place, content, contentType }: ObjectToWrite,
  ifGeneration: string,
): Promise<void> {
  const { cancellationSignal: signal } = Context.current();
  return storage.writeObject(place.bucket, place.path, content, { contentType, ifGeneration }, signal);
}

async function replace(
  storage: StorageApi,
  object: ObjectToWrite,
  { generation }: StorageObject,
): Promise<WriteOutcome> {
  try {
    await write(storage, object, generation);
    return { outcome: 'written' };
  } catch (error) {
    const failure = failureOf(error, object.purpose);
    if (!isRefused(error)) throw failure;
    return { outcome: 'refused', failure };
  }
}

/** Finds the existing object; `unknown` if the account may not list it. */
async function find(storage: StorageApi, { place }: ObjectToWrite): Promise<StorageObject | undefined | 'unknown'> {
  const { cancellationSignal: signal } = Context.current();
  try {
    for await (const page of storage.listObjects(place.bucket, place.path, signal)) {
      const found = page.find(({ name }) => name === place.path);
      if (found) return found;
    }
    return undefined;
  } catch (error) {
    if (isRefused(error)) return 'unknown';
    throw failureOf(error, 'artifacts');
  }
}

async function hasSameContent(
  storage: StorageApi,
  { place, content, isSame }: ObjectToWrite,
  existing: StorageObject,
): Promise<boolean> {
  const bytes = Buffer.from(content);
  const md5 = createHash('md5').update(bytes).digest('base64');
  if (existing.md5Hash === md5 && existing.size === bytes.length) return true;
  if (existing.size === 0 || existing.size > MAX_COMPARED_BYTES) return false;
  if (existing.md5Hash !== undefined && isSame === undefined) return false;
  const { cancellationSignal: signal } = Context.current();
  try {
    const range = { start: 0, length: existing.size };
    const read = await storage.readRange(place.bucket, existing, range, signal);
    return read.equals(bytes) || isSame?.(read.toString()) === true;
  } catch (error) {
    if (isRefused(error)) return false;
    throw failureOf(error, 'artifacts');
  }
}

/** Whether an object exists already, although the write required that none exists. */
function isTaken(error: unknown): boolean {
  return error instanceof GoogleApiError && error.httpStatus === 412;
}

function isRefused(error: unknown): boolean {
  return error instanceof GoogleApiError && [403, 412].includes(error.httpStatus) && !isThrottled(error);
}
