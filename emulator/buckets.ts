import type { BucketOptions } from './options';

const DEFAULT_LOCATION = 'us-central1';

/** Buckets of the built-in object store, unless others are named. */
export const DEFAULT_BUCKETS: readonly BucketOptions[] = [{ name: 'exports' }];

/** Project of the Models that ship with the package. */
const PROJECT = 'demo-project';
const CONFLICT = 409;

/**
 * Creates a bucket by Cloud Storage's JSON API.
 *
 * @param storage URL of the object store
 * @throws Error if the object store refuses
 */
export async function createBucket(
  storage: string,
  { name, location = DEFAULT_LOCATION }: BucketOptions,
  { mayExist = false } = {},
): Promise<void> {
  const send = (): Promise<Response> =>
    fetch(`${storage}/storage/v1/b?project=${PROJECT}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name, location: location.toUpperCase() }),
    });
  // This process can still have a connection to an emulator that used the same port before. It fails once.
  const response = await send().catch(send);
  const text = await response.text();
  if (response.ok || (mayExist && response.status === CONFLICT)) return;
  throw new Error(`The bucket ${name} was not created: HTTP ${response.status} ${text.slice(0, 1_000)}`);
}
