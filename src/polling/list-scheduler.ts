import { setMaxListeners } from 'node:events';
import type { ExportOperation, VertexApi } from '../google/vertex';
import type { RegionBudgets } from './budget/region-budgets';
import { patience, Sweep } from './operation-list';
import type { WatchedOperation } from './polled-operation';

/** With fewer operations than this single GETs are as cheap. */
const LEAST_OPERATIONS = 4;
/** No parent is listed more often, in milliseconds. */
const SHORTEST_INTERVAL_MS = 3_000;
/** So much of the budget may be spent on lists. */
const BUDGET_SHARE = 0.7;
/** What is listed, and how often, is settled anew after so long, in milliseconds. */
const PLAN_MS = 1_000;
/** An operation that a list lacks is left to single GETs for so long, in milliseconds. */
const UNLISTED_MS = 120_000;

/** A list ends after this many pages: what it has not shown by then is polled by name. */
const MAX_PAGES = 500;

/** What sweeps see of their region. */
interface Swept {
  readonly operations: ReadonlySet<WatchedOperation>;
  readonly pauseOf: (operation: WatchedOperation, now: number) => number;
  /** Takes a listed operation; the next list is due before `nextAt`. */
  readonly saw: (operation: WatchedOperation, answer: ExportOperation, nextAt: number) => void;
  /** Lets the region do what is due now. */
  readonly turn: () => void;
}

/** The lists of operations in one project and region: by location where that holds all, by Model elsewhere. */
export class Sweeps {
  private readonly byParent = new Map<string, Sweep>();
  private planned: readonly Sweep[] = [];
  private plannedAt = -Infinity;
  private abort = abortForMany();

  constructor(
    private readonly place: string,
    private readonly vertex: VertexApi,
    private readonly budgets: RegionBudgets,
    private readonly swept: Swept,
  ) {}

  /** Starts what is due; gives the time of the next. */
  turn(now: number, isWanted: boolean): number {
    if (!isWanted || this.swept.operations.size < LEAST_OPERATIONS) {
      this.forget();
      return Infinity;
    }
    if (now >= this.plannedAt + PLAN_MS) this.plan(now);
    let nextAt = this.plannedAt + PLAN_MS;
    for (const sweep of this.planned) {
      if (sweep.running) continue;
      if (sweep.nextAt <= now) void this.run(sweep, now);
      else nextAt = Math.min(nextAt, sweep.nextAt);
    }
    return nextAt;
  }

  /** Nobody waits any more. */
  stop(): void {
    this.abort.abort();
    this.abort = abortForMany();
  }

  private forget(): void {
    for (const sweep of this.planned) sweep.plan([], sweep.interval);
    this.planned = [];
    this.plannedAt = -Infinity;
  }

  /** Lists where that is cheaper than the GETs that it saves, and not slower than they would be within the budget. */
  private plan(now: number): void {
    const perMs = (this.budgets.of(this.place).requests.perMinute * BUDGET_SHARE) / 60_000;
    const pauses = new Map<WatchedOperation, number>();
    let load = 0;
    for (const operation of this.swept.operations) {
      const pause = Math.max(1, this.swept.pauseOf(operation, now));
      load += 1 / pause;
      if (operation.isListed(now)) pauses.set(operation, pause);
    }
    const stretch = Math.max(1, load / perMs);
    const before = new Set(this.planned);
    this.plannedAt = now;
    this.planned = [...this.groups(now, pauses.keys())].flatMap(([parent, group]) => {
      const sweep = this.sweepOf(parent);
      if (!sweep.offer.isOpen(now)) return [];
      const paused = group.map((operation) => ({ operation, pause: stretch * (pauses.get(operation) ?? Infinity) }));
      const gets = paused.reduce((sum, { pause }) => sum + 1 / pause, 0);
      const affordable = (perMs * group.length) / pauses.size;
      const interval = Math.max(SHORTEST_INTERVAL_MS, sweep.pages / gets, sweep.pages / affordable);
      const members = paused.filter(({ pause }) => pause >= interval).map(({ operation }) => operation);
      if (members.length < LEAST_OPERATIONS || !sweep.pays(members.length)) return [];
      sweep.plan(members, interval);
      if (!before.has(sweep)) sweep.nextAt = Math.max(sweep.nextAt, now + interval);
      return [sweep];
    });
    for (const [parent, sweep] of this.byParent) if (sweep.isForgettable(now)) this.byParent.delete(parent);
  }

  /** Operations by the parent whose list would hold them. */
  private groups(now: number, operations: Iterable<WatchedOperation>): Map<string, WatchedOperation[]> {
    const byModel = grouped(operations, ({ model }) => model);
    if (byModel.size < 2 || !this.sweepOf(this.place).offer.isOpen(now)) return byModel;
    return new Map([[this.place, [...byModel.values()].flat()]]);
  }

  private sweepOf(parent: string): Sweep {
    const known = this.byParent.get(parent);
    if (known) return known;
    const sweep = new Sweep(parent);
    this.byParent.set(parent, sweep);
    return sweep;
  }

  private async run(sweep: Sweep, startedAt: number): Promise<void> {
    const { signal } = this.abort;
    sweep.begin(startedAt);
    try {
      await this.list(sweep, signal);
    } catch (error) {
      sweep.failed(error, this.now());
    }
    sweep.running = false;
    if (!signal.aborted) this.swept.turn();
  }

  private async list(sweep: Sweep, signal: AbortSignal): Promise<void> {
    const { parent, interval } = sweep;
    const wanted = grouped(sweep.members, ({ name }) => name);
    const sought = wanted.size;
    const seenTokens = new Set<string>();
    let pages = 0;
    let empty = 0;
    let token = '';
    do {
      const page = await this.budgets.send(
        { call: 'operations.list', resource: parent, lane: 'polls', signal },
        (beforeSend) => this.vertex.listOperations(parent, token, signal, beforeSend),
      );
      pages += 1;
      const hits = page.operations.filter(({ name }) => wanted.has(name));
      for (const answer of hits) {
        // Before the list after the next one, should that fail.
        for (const operation of wanted.get(answer.name) ?? [])
          this.swept.saw(operation, answer, this.now() + 2 * interval);
        wanted.delete(answer.name);
      }
      empty = hits.length === 0 ? empty + 1 : 0;
      token = page.nextPageToken;
      if (seenTokens.has(token)) throw new Error(`The list of the operations of ${parent} repeats a page token`);
      seenTokens.add(token);
    } while (token !== '' && wanted.size > 0 && empty < patience(wanted.size) && pages < MAX_PAGES);

    const seen = sought - wanted.size;
    sweep.ended(pages, seen, this.now());
    // A list without any of them says something of the list, not of them.
    if (seen > 0) {
      for (const operation of [...wanted.values()].flat()) operation.unlistedUntil = this.now() + UNLISTED_MS;
    }
  }

  private now(): number {
    return this.budgets.timers.clock.now();
  }
}

/** As many lists as there are Models wait for one signal: that is no leak, which Node would warn of. */
function abortForMany(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}

function grouped<T>(items: Iterable<T>, keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}
