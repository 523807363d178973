import { z } from 'zod';
import { millisecondsSchema } from './vertex/models';

/** HTTP status of an answer. 1xx is not one. */
const statusSchema = z.int().min(200).max(599);

/** Headers of an answer, except those that let web pages read answers. */
const headersSchema = z
  .record(z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,200}$/, 'must be the name of a header'), headerValue())
  .refine(
    (headers) => !Object.keys(headers).some((name) => name.toLowerCase().startsWith('access-control-')),
    'must not have access-control-* headers: no web page may read answers',
  );

function headerValue(): z.ZodString {
  return z.string().regex(/^[\t\x20-\x7e\x80-\xff]{0,8000}$/, 'must be the value of a header, on one line');
}

export const faultRuleSchema = z.strictObject({
  match: z.strictObject({
    method: z.string().optional(),
    /** Regular expression for the decoded path. */
    path: z.string(),
  }),
  /** Maximum number of faults by this rule. Default: no limit. */
  times: z.int().min(1).optional(),
  /** Number of matching requests that succeed first. Default 0. */
  skip: z.int().min(0).optional(),
  /** Of the other matching requests, every N-th fails. Default 1: all. */
  every: z.int().min(1).optional(),
  /** Whether the fault occurs before or after the request takes effect. Default `before`. */
  when: z.enum(['before', 'after']).optional(),
  fault: z.union([
    z.strictObject({
      status: statusSchema,
      body: z.unknown().optional(),
      headers: headersSchema.optional(),
    }),
    /** Delays the request, or its answer if `when` is `after`, by this number of milliseconds. */
    z.strictObject({ delayMs: millisecondsSchema }),
    /** Resets the connection. */
    z.strictObject({ reset: z.literal(true) }),
    /** Sends half of the body and closes the connection. */
    z.strictObject({ truncate: z.literal(true) }),
    /** Answers with an HTML page and this status, like a proxy. */
    z.strictObject({ html: statusSchema }),
  ]),
});

/** A rule that makes matching requests fail. */
export type FaultRule = z.input<typeof faultRuleSchema>;
/** What a rule does to a request: an error, a delay, a reset, a truncated answer, or an HTML page. */
export type Fault = FaultRule['fault'];

interface ActiveRule {
  readonly rule: FaultRule;
  readonly path: RegExp;
  seen: number;
  used: number;
}

/** The active rules. */
export class Faults {
  private readonly rules = new Map<string, ActiveRule>();
  private next = 1;

  add(rule: FaultRule): string {
    const id = String(this.next++);
    this.rules.set(id, { rule, path: new RegExp(rule.match.path), seen: 0, used: 0 });
    return id;
  }

  remove(id: string): void {
    this.rules.delete(id);
  }

  /** Number of faults by a rule. */
  uses(id: string): number {
    return this.rules.get(id)?.used ?? 0;
  }

  clear(): void {
    this.rules.clear();
  }

  /** Returns and counts the first rule that applies to a request. */
  take(method: string, path: string): FaultRule | undefined {
    for (const active of this.rules.values()) {
      const { rule } = active;
      if (rule.match.method !== undefined && rule.match.method !== method) continue;
      if (!active.path.test(path)) continue;
      active.seen += 1;
      const index = active.seen - (rule.skip ?? 0) - 1;
      if (index < 0 || index % (rule.every ?? 1) !== 0 || active.used >= (rule.times ?? Infinity)) continue;
      active.used += 1;
      return rule;
    }
    return undefined;
  }
}

/** Whether a fault hides a request from the service. Delayed and truncated answers need an answer of the service. */
export function hidesRequest({ when, fault }: FaultRule): boolean {
  return when !== 'after' && !('delayMs' in fault) && !('truncate' in fault);
}

/** Whether the service's answer can be sent as it arrives, since no rule changes or delays it. */
export function isAnsweredAtOnce(rule: FaultRule | undefined): boolean {
  return rule === undefined || ('delayMs' in rule.fault && rule.when !== 'after');
}
