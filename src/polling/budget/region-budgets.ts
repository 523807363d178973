import type { BeforeSend } from '../../google/rest';
import type { Grant } from './grant';
import { MeteredRequest } from './metered-request';
import { ProjectNames } from './project-names';
import type { PollMetrics } from '../types';
import { RequestBudget } from './request-budget';
import type { Lane } from './request-budget';
import type { Timers } from '../time/timers';

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

/** A granted start that is not used within this time goes to the next in line, in milliseconds. */
const SUBMISSION_GRANT_MS = 60_000;

/** The two budgets of one project and region. */
export interface RegionBudget {
  readonly requests: RequestBudget;
  readonly submissions: RequestBudget;
}

/** Name of a call in the metrics. */
export type CallName =
  'models.get' | 'models.list' | 'models.export' | `operations.${'get' | 'list' | 'wait' | 'cancel'}`;

/** A request that counts in the budgets. */
export interface Spending {
  readonly call: CallName;
  /** What the request is about: it says whose budget is spent. */
  readonly resource: string;
  readonly lane: Lane;
  /** Ends the waiting for the budget. */
  readonly signal?: AbortSignal | undefined;
  /** Granted before: room for a request, or for a start where the call is a start. */
  readonly grant?: Grant | undefined;
  /** Called when everything is granted, directly before the request is sent; what it throws ends the request. */
  readonly check?: BeforeSend | undefined;
}

/**
 * The budgets of a process: one for each project and region. A project has an id and a number. While it is not known
 * whose number a number is, it shares one budget with every id that it may belong to, so that no sequence of requests
 * exceeds the limits.
 */
export class RegionBudgets {
  private readonly names = new ProjectNames();
  /** By location, then by project. */
  private readonly locations = new Map<string, Map<string, RegionBudget>>();

  constructor(
    readonly timers: Timers,
    readonly metrics: PollMetrics,
    private readonly limits: BudgetLimits = {},
  ) {}

  /** The budget that a resource's requests are counted in. */
  of(resource: string): RegionBudget {
    const { project, location } = this.placeOf(resource);
    const known = this.locations.get(location)?.get(project);
    if (known) return known;
    const budgets = this.locations.get(location) ?? new Map<string, RegionBudget>();
    this.locations.set(location, budgets);
    const created = this.newBudget();
    budgets.set(project, created);
    this.regroup(budgets);
    return budgets.get(project) ?? created;
  }

  /** `projects/P/locations/L`, with the project's number where it is known. */
  keyOf(resource: string): string {
    const { project, location } = this.placeOf(resource);
    return `projects/${project}/locations/${location}`;
  }

  /** Learns that a project's id and a number are one: Models are asked for by id, and answers name them by number. */
  relate(asked: string, answered: string | undefined): void {
    if (!this.names.learn(projectOf(asked), projectOf(answered ?? ''))) return;
    for (const budgets of this.locations.values()) this.regroup(budgets);
  }

  /** Waits for room for one request. */
  acquire(resource: string, lane: Lane, signal?: AbortSignal): Promise<Grant> {
    const { project } = this.placeOf(resource);
    return this.of(resource).requests.acquire({ lane, project, signal });
  }

  /**
   * Waits until an export of a Model may be started. The grant occupies the quota until it is used by a request
   * (`Spending.grant`), is released, or expires after 60 s.
   */
  async acquireSubmission(model: string, signal?: AbortSignal): Promise<Grant> {
    const { project } = this.placeOf(model);
    const grant = await this.of(model).submissions.acquire({ lane: 'calls', project, signal });
    return grant.expireAfter(SUBMISSION_GRANT_MS);
  }

  /**
   * Sends a request when the budgets allow it, and learns from the answer.
   *
   * @param request passes `beforeSend` on to the client, which calls it before each time the request is sent
   */
  async send<T>(spending: Spending, request: (beforeSend: () => Promise<void>) => Promise<T>): Promise<T> {
    const { call, resource } = spending;
    let { grant } = spending;
    const acquire = (): Promise<readonly Grant[]> => {
      const first = grant;
      grant = undefined;
      return this.grantsFor(spending, first);
    };
    const metered = new MeteredRequest(acquire, () => this.timers.clock.now(), spending.check);
    await metered.prepare();
    try {
      const answer = await request(metered.beforeSend);
      metered.finish();
      this.answered(spending, metered);
      return answer;
    } catch (error) {
      metered.finish(error);
      if (metered.passed) this.answered({ call, resource }, metered, error);
      throw error;
    }
  }

  private answered(
    { call, resource }: Pick<Spending, 'call' | 'resource'>,
    { sentAt }: MeteredRequest,
    error?: unknown,
  ) {
    const { requests, submissions } = this.of(resource);
    // A start that is refused for quota says nothing of other requests, and the other way round.
    (call === 'models.export' ? submissions : requests).answered(sentAt, error);
    this.metrics.recordRequest(call, this.placeOf(resource).location, error);
  }

  private async grantsFor(
    { call, resource, lane, signal }: Spending,
    granted: Grant | undefined,
  ): Promise<readonly Grant[]> {
    const first = granted?.isHeld ? granted.keep() : undefined;
    if (call !== 'models.export') return [first ?? (await this.acquire(resource, lane, signal))];
    const submission = first ?? (await this.acquireSubmission(resource, signal)).keep();
    try {
      return [submission, await this.acquire(resource, 'starts', signal)];
    } catch (error) {
      submission.release();
      throw error;
    }
  }

  private placeOf(resource: string): { readonly project: string; readonly location: string } {
    const [, project = '', location = ''] = PLACE.exec(resource) ?? [];
    return { project: this.names.canonical(project), location };
  }

  /** Gives each group of projects that may be one a budget of its own: it merges budgets, and divides them again. */
  private regroup(budgets: Map<string, RegionBudget>): void {
    const before = new Map(budgets);
    const projects = new Set([...before.keys()].map((project) => this.names.canonical(project)));
    const taken = new Set<RegionBudget>();
    budgets.clear();
    for (const group of this.names.groups(projects)) {
      const isMember = (project: string): boolean => group.has(this.names.canonical(project));
      const sources = new Set([...before].filter(([project]) => isMember(project)).map(([, budget]) => budget));
      const target = [...sources].find((budget) => !taken.has(budget)) ?? this.newBudget();
      taken.add(target);
      sources.delete(target);
      for (const source of sources) {
        for (const kind of ['requests', 'submissions'] as const) {
          target[kind].learnFrom(source[kind]);
          target[kind].takeOver(source[kind], isMember);
        }
      }
      for (const project of group) budgets.set(project, target);
    }
  }

  private newBudget(): RegionBudget {
    const { maxRequestsPerMinute, maxSubmissionsPerMinute } = this.limits;
    return {
      requests: new RequestBudget(this.timers, maxRequestsPerMinute ?? MAX_REQUESTS_PER_MINUTE),
      submissions: new RequestBudget(this.timers, maxSubmissionsPerMinute ?? MAX_SUBMISSIONS_PER_MINUTE),
    };
  }
}

const PLACE = /^projects\/([^/]+)\/locations\/([^/]+)/;

function projectOf(resource: string): string {
  return PLACE.exec(resource)?.[1] ?? '';
}
