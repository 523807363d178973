/** One request that the emulator got. */
export interface LoggedRequest {
  /** When it came in, ISO 8601. */
  readonly at: string;
  /** Port that it came in on: the emulator's own, or one of `openPort`. */
  readonly port: number;
  readonly method: string;
  /** For example `models.export`, `operations.get`; `unknown` where nothing answers. */
  readonly route: string;
  /** At most 1,000 characters of it. */
  readonly path: string;
  readonly status: number;
}

/** What was asked of the emulator. */
export interface RequestLog {
  /** The newest 10,000 requests, in the order in which they were answered. */
  readonly requests: readonly LoggedRequest[];
  readonly countByRoute: Readonly<Record<string, number>>;
  /** Requests of single operations, by the operation's id. */
  readonly countByOperation: Readonly<Record<string, number>>;
}

const KEPT = 10_000;
/** A path can have 16 KiB, and thousands are kept. */
const MAX_PATH_LENGTH = 1_000;

/** Counts requests and keeps the newest. */
export class Requests {
  private entries: LoggedRequest[] = [];
  private byRoute = new Map<string, number>();
  private byOperation = new Map<string, number>();

  constructor(private readonly onRequest: (request: LoggedRequest) => void = () => undefined) {}

  add(request: LoggedRequest): void {
    const entry = { ...request, path: request.path.slice(0, MAX_PATH_LENGTH) };
    this.entries.push(entry);
    this.onRequest(entry);
    if (this.entries.length > 2 * KEPT) this.entries = this.entries.slice(-KEPT);
    count(this.byRoute, request.route);
    const operation = /\/operations\/(\d{1,30})(?!\d)/.exec(request.path)?.[1];
    if (operation !== undefined) count(this.byOperation, operation);
  }

  log(): RequestLog {
    return {
      requests: this.entries.slice(-KEPT),
      countByRoute: Object.fromEntries(this.byRoute),
      countByOperation: Object.fromEntries(this.byOperation),
    };
  }

  clear(): void {
    this.entries = [];
    this.byRoute = new Map();
    this.byOperation = new Map();
  }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
