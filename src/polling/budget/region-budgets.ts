import { splitLocatedName } from '../../contract/resource-names';
import type { BeforeSend } from '../../google/rest';
import type { Grant } from './grant';
import { MeteredRequest } from './metered-request';
import { ProjectNames } from './project-names';
import type { PollMetrics } from '../types';
import { RequestBudget } from './request-budget';
import type { Lane } from './request-budget';
import type { Timers } from '../time/timers';

/** Limits of one process for each project and region, in any sliding minute. */
export interface BudgetLimits {
  /** Requests of all kinds. Default 300, which is half of Google's default quota. */
  readonly maxRequestsPerMinute?: number | undefined;
  /** Starts of exports. Default 60, which is Google's default quota. */
  readonly maxSubmissionsPerMinute?: number | undefined;
}

/** Source: https://cloud.google.com/vertex-ai/docs/quotas */
const MAX_REQUESTS_PER_MINUTE = 300;
const MAX_SUBMISSIONS_PER_MINUTE = 60;

/** An unused grant of a start expires after this time, in milliseconds. */
const SUBMISSION_GRANT_MS = 60_000;

/** The two budgets of one project and region. */
export interface RegionBudget {
  readonly requests: RequestBudget;
  readonly submissions: RequestBudget;
}

/** The name of a call in the metrics. */
export type CallName =
  'models.get' | 'models.list' | 'models.export' | `operations.${'get' | 'list' | 'wait' | 'cancel'}`;

/** A request that the budgets count. */
export interface BudgetedRequest {
  readonly call: CallName;
  /** The resource of the request. It determines the project and region, and so the budget. */
  readonly resource: string;
  readonly lane: Lane;
  /** An abort ends the wait for the budget. */
  readonly signal?: AbortSignal | undefined;
  /** A grant acquired before: for a start if the call is `models.export`, otherwise for a request. */
  readonly grant?: Grant | undefined;
  /** Called after all grants, directly before the request is sent. If it throws, the request is not sent. */
  readonly check?: BeforeSend | undefined;
}

/**
 * The budgets of a process, for each project and region. A project has an ID and a number. Until it is known which
 * project a number belongs to, the number shares one budget with every ID that it may belong to. So no sequence of
 * requests exceeds the limits.
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

  /** The budget that counts the requests of a resource. */
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

  /** The region of a resource, `projects/P/locations/L`, with the project's number if it is known. */
  keyOf(resource: string): string {
    const { project, location } = this.placeOf(resource);
    return `projects/${project}/locations/${location}`;
  }

  /** Relates a project's ID and number: requests name resources by ID, and answers by number. */
  relate(requested: string, answered: string | undefined): void {
    if (!this.names.learn(projectOf(requested), projectOf(answered ?? ''))) return;
    for (const budgets of this.locations.values()) this.regroup(budgets);
  }

  /** Waits for room for one request. */
  acquire(resource: string, lane: Lane, signal?: AbortSignal): Promise<Grant> {
    const { project } = this.placeOf(resource);
    return this.of(resource).requests.acquire({ lane, project, signal });
  }

  /**
   * Waits until the quota allows another start of an export. The grant occupies the quota until a request uses it
   * (`BudgetedRequest.grant`), it is released, or it expires after 60 s.
   */
  async acquireSubmission(model: string, signal?: AbortSignal): Promise<Grant> {
    const { project } = this.placeOf(model);
    const grant = await this.of(model).submissions.acquire({ lane: 'calls', project, signal });
    return grant.expireAfter(SUBMISSION_GRANT_MS);
  }

  /**
   * Sends a request when the budgets allow it. An answer of 429 slows down the requests that follow.
   *
   * @param send passes `beforeSend` to the client, which calls it directly before each time it sends the request
   */
  async send<T>(request: BudgetedRequest, send: (beforeSend: () => Promise<void>) => Promise<T>): Promise<T> {
    let { grant } = request;
    const acquire = (): Promise<readonly Grant[]> => {
      const first = grant;
      grant = undefined;
      return this.grantsFor(request, first);
    };
    const metered = new MeteredRequest(acquire, () => this.timers.clock.now(), request.check);
    await metered.prepare();
    try {
      const answer = await send(metered.beforeSend);
      metered.finish();
      this.recordAnswer(request, metered.sentAt);
      return answer;
    } catch (error) {
      metered.finish(error);
      if (!metered.isPrevented) this.recordAnswer(request, metered.sentAt, error);
      throw error;
    }
  }

  private recordAnswer({ call, resource }: BudgetedRequest, sentAt: number, error?: unknown): void {
    const { requests, submissions } = this.of(resource);
    // Google counts starts and other requests separately: a 429 of one kind does not concern the other.
    (call === 'models.export' ? submissions : requests).recordAnswer(sentAt, error);
    this.metrics.recordRequest(call, this.placeOf(resource).location, error);
  }

  private async grantsFor(
    { call, resource, lane, signal }: BudgetedRequest,
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
    const { project = '', location = '' } = splitLocatedName(resource) ?? {};
    return { project: this.names.canonical(project), location };
  }

  /** Merges and divides budgets, so that each group of names that may be one project has one budget. */
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
          target[kind].mergeUsage(source[kind]);
          target[kind].takeWaiters(source[kind], isMember);
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

function projectOf(resource: string): string {
  return splitLocatedName(resource)?.project ?? '';
}
