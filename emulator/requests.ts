/** One request to the emulator. */
export interface LoggedRequest {
  /** Time of the request, in ISO 8601 (UTC). */
  readonly at: string;
  /** Port that received the request: the emulator's, or one of `openPort`. */
  readonly port: number;
  /** HTTP method. */
  readonly method: string;
  /** For example `models.export` or `operations.get`; `unknown` if there is no such route. */
  readonly route: string;
  /** Path of the request, cut to 1,000 characters. */
  readonly path: string;
  /** HTTP status of the answer; 0 if there was none. */
  readonly status: number;
}

/** Log of requests to the emulator. */
export interface RequestLog {
  /** The newest 10,000 requests, in the order of their answers. */
  readonly requests: readonly LoggedRequest[];
  /** Number of requests for each route. */
  readonly countByRoute: Readonly<Record<string, number>>;
  /** Number of requests for each operation, by operation id. */
  readonly countByOperation: Readonly<Record<string, number>>;
}

/** Maximum number of requests in the log. */
const MAX_REQUESTS = 10_000;
/** Longest path in the log, in characters. */
const MAX_PATH_LENGTH = 1_000;

/** Counts requests and stores the newest ones. */
export class Requests {
  private entries: LoggedRequest[] = [];
  private byRoute = new Map<string, number>();
  private byOperation = new Map<string, number>();

  constructor(private readonly onRequest: (request: LoggedRequest) => void = () => undefined) {}

  add(request: LoggedRequest): void {
    const entry = { ...request, path: request.path.slice(0, MAX_PATH_LENGTH) };
    this.entries.push(entry);
    this.onRequest(entry);
    if (this.entries.length > 2 * MAX_REQUESTS) this.entries = this.entries.slice(-MAX_REQUESTS);
    count(this.byRoute, request.route);
    const operation = /\/operations\/(\d{1,30})(?!\d)/.exec(request.path)?.[1];
    if (operation !== undefined) count(this.byOperation, operation);
  }

  log(): RequestLog {
    return {
      requests: this.entries.slice(-MAX_REQUESTS),
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
