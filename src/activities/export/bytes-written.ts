import { parseStorageUri } from '../../contract/resource-names';
import type { StorageApi } from '../../google/storage';

/** An export's directory is listed so often at most, in milliseconds. */
const LISTING_INTERVAL_MS = 60_000;
/** A listing ends after so many pages: it is for people, who need no more. */
const MAX_PAGES = 10;

/** So many listings of all exports are under way at most: others wait for their next heartbeat. */
const MAX_UNDER_WAY = 8;

const underWay = { count: 0 };

/** What a listing saw. */
export interface Written {
  readonly files: number;
  readonly bytes: number;
  /** Whether there are more than were counted. */
  readonly more?: true;
  /** ISO 8601. */
  readonly seenAt: string;
}

/** What a running export has written so far, by listings of its directory. */
export class WrittenSoFar {
  private latest: Written | undefined;
  private nextAt = 0;

  constructor(
    private readonly storage: StorageApi,
    private readonly uri: string | undefined,
    private readonly signal: AbortSignal,
  ) {}

  /** What was seen last. Starts another listing when it is time; one that fails is no matter. */
  look(): Written | undefined {
    const directory = this.uri === undefined ? undefined : parseStorageUri(this.uri);
    const now = Date.now();
    if (directory === undefined || now < this.nextAt || underWay.count >= MAX_UNDER_WAY) return this.latest;
    this.nextAt = now + LISTING_INTERVAL_MS;
    const path = directory.path.endsWith('/') ? directory.path : `${directory.path}/`;
    underWay.count += 1;
    void this.list(directory.bucket, path)
      .catch(() => undefined)
      .finally(() => {
        underWay.count -= 1;
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
