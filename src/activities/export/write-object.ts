import { createHash } from 'node:crypto';
import { Context } from '@temporalio/activity';
import type { StorageUri } from '../../contract/resource-names';
import { GoogleApiError, isThrottled } from '../../google/api-error';
import type { StorageApi, StorageObject } from '../../google/storage';
import type { RequestPurpose } from '../failures/table';
import { failureOf } from '../failures/failure';

/** An object that a step writes in a folder of its own. */
export interface OwnObject {
  readonly place: StorageUri;
  readonly content: string;
  readonly contentType: string;
  readonly purpose: RequestPurpose;
  /** Whether other content is as good; asked only where the bytes differ. Default: it is not. */
  readonly isSame?: (existing: string) => boolean;
}

/** What became of a write. */
export type WriteOutcome =
  | { readonly outcome: 'written' }
  /** An earlier attempt has written the same. */
  | { readonly outcome: 'already there' }
  /** Something else is there, and may not be replaced. */
  | { readonly outcome: 'refused'; readonly failure: unknown };

/** Larger objects are not compared with what is written. */
const MAX_COMPARED_BYTES = 64 * 1024 * 1024;

/**
 * Writes an object where none may be replaced: with a retention policy, under a hold, or with the right to create
 * objects only, a second write of the same object is refused, and is no failure where the first one arrived.
 *
 * @throws ApplicationFailure with a documented type where the object could not be written and none is there
 */
export async function writeOwnObject(storage: StorageApi, object: OwnObject): Promise<WriteOutcome> {
  try {
    await write(storage, object, ABSENT);
    return { outcome: 'written' };
  } catch (error) {
    if (!isRefused(error)) throw failureOf(error, object.purpose);
    const existing = await find(storage, object);
    if (existing === 'unknown') {
      // Only this step writes here, so that what is there now was written by its earlier attempt.
      if (isTaken(error) && Context.current().info.attempt > 1) return { outcome: 'already there' };
      throw failureOf(error, object.purpose);
    }
    if (existing === undefined) throw failureOf(error, object.purpose);
    if (await holdsTheSame(storage, object, existing)) return { outcome: 'already there' };
    if (!isTaken(error)) return { outcome: 'refused', failure: failureOf(error, object.purpose) };
    return replace(storage, object, existing);
  }
}

/** Generation of an object that does not exist. */
const ABSENT = '0';

function write(storage: StorageApi, { place, content, contentType }: OwnObject, ifGeneration: string): Promise<void> {
  const { cancellationSignal: signal } = Context.current();
  return storage.writeObject(place.bucket, place.path, content, { contentType, ifGeneration }, signal);
}

async function replace(storage: StorageApi, object: OwnObject, { generation }: StorageObject): Promise<WriteOutcome> {
  try {
    await write(storage, object, generation);
    return { outcome: 'written' };
  } catch (error) {
    const failure = failureOf(error, object.purpose);
    if (!isRefused(error)) throw failure;
    return { outcome: 'refused', failure };
  }
}

/** The object that is there; `unknown` where the account may not list it. */
async function find(storage: StorageApi, { place }: OwnObject): Promise<StorageObject | undefined | 'unknown'> {
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

async function holdsTheSame(
  storage: StorageApi,
  { place, content, isSame }: OwnObject,
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

/** Whether an object is there already: the write asked for none. */
function isTaken(error: unknown): boolean {
  return error instanceof GoogleApiError && error.httpStatus === 412;
}

function isRefused(error: unknown): boolean {
  return error instanceof GoogleApiError && [403, 412].includes(error.httpStatus) && !isThrottled(error);
}
