import { setTimeout as sleep } from 'node:timers/promises';
import type { Emulator, FaultRule } from '../../emulator';

type Variant = Omit<FaultRule, 'times' | 'skip'>;

const refusal = (code: number, status: string): FaultRule['fault'] => ({
  status: code,
  body: { error: { code, status, message: 'injected' } },
});

/** Each permanent fault affects one call in this many, so that 5 % of the calls fail. */
const HIT_EVERY = 100;
const PERMANENT: readonly Omit<FaultRule, 'match'>[] = [
  { fault: refusal(503, 'UNAVAILABLE') },
  { fault: { reset: true }, when: 'after' },
  { fault: { html: 502 } },
  { fault: { truncate: true } },
  { fault: refusal(429, 'RESOURCE_EXHAUSTED') },
];

/** The permanent faults can affect each call of a kind during the whole run. */
export function addPermanentFaults(vertex: Emulator): void {
  PERMANENT.forEach((fault, index) => {
    vertex.addFault({
      match: { path: '.' },
      every: HIT_EVERY,
      skip: index * (HIT_EVERY / PERMANENT.length),
      ...fault,
    });
  });
}

const MODEL_OPERATIONS = { method: 'GET', path: String.raw`/models/[^/]+/operations$` };
const EXPORT = { method: 'POST', path: ':export$' };
const POLLS = { path: String.raw`/operations/\d+(:wait)?$|/locations/[^/]+/operations$` };
const CANCEL = { method: 'POST', path: ':cancel$' };
const ANY = { path: '.' };

/** The list of a Model's operations is refused. */
const REFUSED_LISTS: readonly Variant[] = [
  { match: MODEL_OPERATIONS, fault: refusal(403, 'PERMISSION_DENIED') },
  { match: MODEL_OPERATIONS, fault: refusal(501, 'UNIMPLEMENTED') },
];

/** The delay before a held request takes effect, in milliseconds. It is longer than the timeout of the client. */
export const HELD_MS = 4_500;
/** The delay of new operations in late lists, in milliseconds. */
export const LISTED_AFTER_MS = 2_000;
const LATE_EFFECT: Variant = { match: EXPORT, every: 2, fault: { delayMs: HELD_MS } };

/** Answers with an error status. Errors that a person must fix are excluded, because they rightly end an export. */
const WRONG_STATUSES: readonly Variant[] = [
  { match: EXPORT, every: 2, fault: refusal(499, 'CANCELLED') },
  { match: EXPORT, every: 2, fault: refusal(499, 'CANCELLED'), when: 'after' },
  { match: EXPORT, every: 2, fault: refusal(409, 'ABORTED') },
  { match: EXPORT, every: 2, fault: refusal(409, 'ABORTED'), when: 'after' },
  { match: EXPORT, every: 2, fault: { html: 403 }, when: 'after' },
  { match: POLLS, every: 2, fault: refusal(404, 'NOT_FOUND') },
  { match: POLLS, every: 2, fault: refusal(412, 'FAILED_PRECONDITION') },
  { match: POLLS, every: 2, fault: refusal(403, 'PERMISSION_DENIED') },
  { match: POLLS, every: 2, fault: refusal(400, 'INVALID_ARGUMENT') },
  { match: CANCEL, every: 2, fault: refusal(403, 'PERMISSION_DENIED') },
  { match: CANCEL, every: 2, fault: refusal(404, 'NOT_FOUND') },
  { match: CANCEL, every: 2, fault: refusal(400, 'INVALID_ARGUMENT') },
  { match: CANCEL, every: 2, fault: { html: 403 }, when: 'after' },
  { match: ANY, every: 5, fault: { html: 403 } },
  { match: ANY, every: 5, fault: { html: 404 } },
  { match: ANY, every: 5, fault: { html: 412 } },
];

/** Faults that last for a while. */
export class PassingFaults {
  private lateLists = 0;

  constructor(private readonly vertex: Emulator) {}

  async lateList(ms: number): Promise<void> {
    this.lateLists += 1;
    this.vertex.setCapabilities({ list: { appearsAfterMs: LISTED_AFTER_MS } });
    await sleep(ms);
    this.lateLists -= 1;
    if (this.lateLists === 0) this.vertex.setCapabilities({ list: 'implemented' });
  }

  refusedList(ms: number, choice: number): Promise<void> {
    return this.during(ms, REFUSED_LISTS[choice % REFUSED_LISTS.length]);
  }

  lateEffect(ms: number): Promise<void> {
    return this.during(ms, LATE_EFFECT);
  }

  wrongStatus(ms: number, choice: number): Promise<void> {
    return this.during(ms, WRONG_STATUSES[choice % WRONG_STATUSES.length]);
  }

  private async during(ms: number, variant: Variant | undefined): Promise<void> {
    if (variant === undefined) return;
    const id = this.vertex.addFault(variant);
    await sleep(ms);
    this.vertex.removeFault(id);
  }
}
