import type { WatchMetrics } from './metrics';
import { RequestBudget } from './request-budget';
import type { Lane } from './request-budget';
import type { Timers } from './timers';

/** What this process may ask of one project and region, each in any minute. */
export interface BudgetLimits {
  /** Requests of every kind. Default 300, which is half of the service's quota. */
  readonly maxRequestsPerMinute?: number | undefined;
  /** Starts of exports. Default 60, which is the service's quota. */
  readonly maxSubmissionsPerMinute?: number | undefined;
}

/** Source: https://cloud.google.com/vertex-ai/docs/quotas */
const MAX_REQUESTS_PER_MINUTE = 300;
const MAX_SUBMISSIONS_PER_MINUTE = 60;

/** The two budgets of one project and region. */
export interface RegionBudget {
  /** For people: the location. */
  readonly location: string;
  readonly requests: RequestBudget;
  readonly submissions: RequestBudget;
}

/** Name of a call in the metrics. */
export type CallName =
  'models.get' | 'models.list' | 'models.export' | `operations.${'get' | 'list' | 'wait' | 'cancel'}`;

interface Spending {
  readonly call: CallName;
  /** What the request is about: it says whose budget is spent. */
  readonly resource: string;
  readonly lane: Lane;
  readonly signal?: AbortSignal | undefined;
}

const PLACE = /^projects\/([^/]+)\/locations\/([^/]+)/;

/** The budgets of a process. A project has one by its id and by its number, once it is known that the two are one. */
export class RegionBudgets {
  private readonly budgets = new Map<string, RegionBudget>();
  private readonly numbers = new Map<string, string>();

  constructor(
    readonly timers: Timers,
    readonly metrics: WatchMetrics,
    private readonly limits: BudgetLimits = {},
  ) {}

  /** The budget that a resource's requests are counted in. */
  of(resource: string): RegionBudget {
    const key = this.keyOf(resource);
    const known = this.budgets.get(key);
    if (known) return known;
    const { maxRequestsPerMinute, maxSubmissionsPerMinute } = this.limits;
    const budget: RegionBudget = {
      location: key.split('/').at(-1) ?? '',
      requests: new RequestBudget(this.timers, maxRequestsPerMinute ?? MAX_REQUESTS_PER_MINUTE),
      submissions: new RequestBudget(this.timers, maxSubmissionsPerMinute ?? MAX_SUBMISSIONS_PER_MINUTE),
    };
    this.budgets.set(key, budget);
    return budget;
  }

  /** `projects/P/locations/L`, with the project's number where it is known. */
  keyOf(resource: string): string {
    const [, project = '', location = ''] = PLACE.exec(resource) ?? [];
    return `projects/${this.numbers.get(project) ?? project}/locations/${location}`;
  }

  /** Learns that a project id and a number are one: Models are asked for by id, and operations named by number. */
  relate(asked: string, answered: string | undefined): void {
    const [, id = ''] = PLACE.exec(asked) ?? [];
    const [, number = ''] = PLACE.exec(answered ?? '') ?? [];
    if (id === number || !/^\d+$/.test(number) || this.numbers.get(id) === number) return;
    this.numbers.set(id, number);
    // Whoever waits in the old budget is still served by it.
    for (const key of this.budgets.keys()) if (key.startsWith(`projects/${id}/`)) this.budgets.delete(key);
  }

  /** Sends a request when the budget allows it. */
  async spend<T>({ call, resource, lane, signal }: Spending, request: () => Promise<T>): Promise<T> {
    const { requests } = this.of(resource);
    await requests.take(lane, signal);
    return this.send(call, resource, request);
  }

  /** Resolves when an export may be started at once. */
  async submissionTurn(model: string, signal: AbortSignal): Promise<void> {
    const { submissions, requests } = this.of(model);
    await submissions.take('calls', signal);
    await requests.take('calls', signal);
  }

  /** Sends a request that was granted already; a 429 slows the budget of its kind. */
  async send<T>(call: CallName, resource: string, request: () => Promise<T>): Promise<T> {
    const { location, requests, submissions } = this.of(resource);
    try {
      const answer = await (call === 'models.export' ? submissions : requests).send(request);
      this.metrics.called(call, location);
      return answer;
    } catch (error) {
      this.metrics.called(call, location, error);
      throw error;
    }
  }
}
