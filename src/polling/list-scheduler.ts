import { setMaxListeners } from 'node:events';
import type { VertexApi } from '../google/vertex';
import type { RegionBudgets } from './budget/region-budgets';
import { groupBy } from './group-by';
import type { ListableOperation, ListPage } from './operation-list';
import { OperationList } from './operation-list';

/** With fewer operations, single GETs are as cheap as a list. */
const MIN_OPERATIONS = 4;
/** The shortest interval between two lists of one parent, in milliseconds. */
const MIN_INTERVAL_MS = 3_000;
/** This share of the budget may be spent on lists. */
const BUDGET_SHARE = 0.7;
/** What is listed, and how often, is planned at this interval, in milliseconds. */
const PLAN_INTERVAL_MS = 1_000;

/** What the scheduler asks its owner to do. */
export interface DueLists<T extends ListableOperation> {
  /** The lists to read now, with {@link ListScheduler.pages}. */
  readonly lists: readonly OperationList<T>[];
  /** When to ask again, in milliseconds of the monotonic clock. `Infinity`: when there are more operations. */
  readonly nextAt: number;
}

/**
 * Decides which parents in one project and region are listed, and when: the location if its list returns all
 * operations, otherwise each Model. It only reads operations. Its owner applies the pages to them.
 */
export class ListScheduler<T extends ListableOperation> {
  private readonly byParent = new Map<string, OperationList<T>>();
  private planned: readonly OperationList<T>[] = [];
  private plannedAt = -Infinity;
  private abort = abortControllerForMany();

  /** @param region `projects/P/locations/L` */
  constructor(
    private readonly region: string,
    private readonly vertex: VertexApi,
    private readonly budgets: RegionBudgets,
  ) {}

  /** The lists that are due now. `operations` are all that may be listed. */
  due(now: number, operations: ReadonlySet<T>): DueLists<T> {
    if (operations.size < MIN_OPERATIONS) {
      this.discardPlan();
      return { lists: [], nextAt: Infinity };
    }
    if (now >= this.plannedAt + PLAN_INTERVAL_MS) this.plan(now, operations);
    const idle = this.planned.filter((list) => !list.isRunning);
    const lists = idle.filter((list) => list.nextAt <= now);
    const later = idle.filter((list) => list.nextAt > now).map(({ nextAt }) => nextAt);
    return { lists, nextAt: Math.min(this.plannedAt + PLAN_INTERVAL_MS, ...later) };
  }

  /** Reads the pages of a list within the budget. */
  pages(list: OperationList<T>): AsyncGenerator<ListPage<T>, void, undefined> {
    const { parent } = list;
    const { signal } = this.abort;
    return list.pages(
      (pageToken) =>
        this.budgets.send({ call: 'operations.list', resource: parent, lane: 'polls', signal }, (beforeSend) =>
          this.vertex.listOperations(parent, pageToken, signal, beforeSend),
        ),
      signal,
    );
  }

  /** Ends the lists that are being read. */
  stop(): void {
    this.abort.abort();
    this.abort = abortControllerForMany();
  }

  private discardPlan(): void {
    for (const list of this.planned) list.plan([]);
    this.planned = [];
    this.plannedAt = -Infinity;
  }

  /** Plans the lists that need fewer requests than the GETs they save, and that are at least as fast. */
  private plan(now: number, operations: ReadonlySet<T>): void {
    const requestsPerMs = (this.budgets.of(this.region).requests.perMinute * BUDGET_SHARE) / 60_000;
    const pauses = new Map<T, number>();
    let getsPerMs = 0;
    for (const operation of operations) {
      const pause = Math.max(1, operation.pause(now));
      getsPerMs += 1 / pause;
      if (operation.isListed(now)) pauses.set(operation, pause);
    }
    // If the budget does not allow all GETs, their pauses become longer than scheduled.
    const stretch = Math.max(1, getsPerMs / requestsPerMs);
    const before = new Set(this.planned);
    this.plannedAt = now;
    this.planned = [...this.byListedParent(now, pauses.keys())].flatMap(([parent, group]) => {
      const list = this.listOf(parent);
      if (!list.breaker.allows(now)) return [];
      const paused = group.map((operation) => ({ operation, pause: stretch * (pauses.get(operation) ?? Infinity) }));
      const saved = paused.reduce((sum, { pause }) => sum + 1 / pause, 0);
      const affordable = (requestsPerMs * group.length) / pauses.size;
      const intervalMs = Math.max(MIN_INTERVAL_MS, list.pagesPerList / saved, list.pagesPerList / affordable);
      const members = paused.filter(({ pause }) => pause >= intervalMs).map(({ operation }) => operation);
      if (members.length < MIN_OPERATIONS || !list.paysFor(members.length)) return [];
      list.plan(members, intervalMs);
      if (!before.has(list)) list.notBefore(now + intervalMs);
      return [list];
    });
    for (const [parent, list] of this.byParent) if (list.isForgettable()) this.byParent.delete(parent);
  }

  /** Groups operations by the parent whose list is expected to return them. */
  private byListedParent(now: number, operations: Iterable<T>): Map<string, T[]> {
    const byModel = groupBy(operations, ({ model }) => model);
    if (byModel.size < 2 || !this.listOf(this.region).breaker.allows(now)) return byModel;
    return new Map([[this.region, [...byModel.values()].flat()]]);
  }

  private listOf(parent: string): OperationList<T> {
    const known = this.byParent.get(parent);
    if (known) return known;
    const list = new OperationList<T>(parent, () => this.budgets.timers.clock.now());
    this.byParent.set(parent, list);
    return list;
  }
}

/** An abort controller whose signal many lists listen to, without Node's warning about a leak. */
function abortControllerForMany(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}
