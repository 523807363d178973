import { parseStorageUri } from '../../contract/resource-names';
import type { StorageApi } from '../../google/storage';
import { asDirectory } from '../../google/storage-directory';

/** Shortest pause between two listings of an export's directory, in milliseconds. */
const LISTING_INTERVAL_MS = 60_000;
/** Most pages of a listing: it informs people, who need no exact number. */
const MAX_PAGES = 10;

/** Most concurrent listings, for all exports of the process: others are made at a later heartbeat. */
const MAX_CONCURRENT = 8;

const concurrent = { count: 0 };

/** Files and bytes of a listing. */
export interface Written {
  readonly files: number;
  readonly bytes: number;
  /** Whether there are more than were counted. */
  readonly more?: true;
  /** ISO 8601. */
  readonly seenAt: string;
}

/** Counts the bytes that a running export has written so far, by listings of its directory. */
export class WrittenBytes {
  private latest: Written | undefined;
  private nextAt = 0;

  constructor(
    private readonly storage: StorageApi,
    private readonly uri: string | undefined,
    private readonly signal: AbortSignal,
  ) {}

  /** The result of the latest listing. Starts another one if it is due; a listing that fails is ignored. */
  latestOrList(): Written | undefined {
    const directory = this.uri === undefined ? undefined : parseStorageUri(this.uri);
    const now = Date.now();
    if (directory === undefined || now < this.nextAt || concurrent.count >= MAX_CONCURRENT) return this.latest;
    this.nextAt = now + LISTING_INTERVAL_MS;
    const { bucket, path } = asDirectory(directory);
    concurrent.count += 1;
    void this.list(bucket, path)
      .catch(() => undefined)
      .finally(() => {
        concurrent.count -= 1;
      });
    return this.latest;
  }

  private async list(bucket: string, path: string): Promise<void> {
    let files = 0;
    let bytes = 0;
    let pages = 0;
    for await (const page of this.storage.listObjects(bucket, path, this.signal)) {
      files += page.length;
      bytes += page.reduce((sum, { size }) => sum + size, 0);
      pages += 1;
      if (pages === MAX_PAGES) break;
    }
    const more = pages === MAX_PAGES ? ({ more: true } as const) : {};
    this.latest = { files, bytes, ...more, seenAt: new Date().toISOString() };
  }
}
