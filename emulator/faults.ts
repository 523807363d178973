import { z } from 'zod';
import { millisecondsSchema } from './models';

/** What a server may send as an answer: 1xx is not one. */
const statusSchema = z.int().min(200).max(599);

/** Of an answer: a name as HTTP has it, and a value on one line; none that lets web pages read answers. */
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
    /** Regular expression that the decoded path must match. */
    path: z.string(),
  }),
  /** How often the rule takes effect. Default: always. */
  times: z.int().min(1).optional(),
  /** So many matching requests pass first. Default 0. */
  skip: z.int().min(0).optional(),
  /** Of the requests that remain, each so-manieth is hit. Default 1: all. */
  every: z.int().min(1).optional(),
  /** `after`: the request takes effect, and its answer is spoilt. Default `before`. */
  when: z.enum(['before', 'after']).optional(),
  fault: z.union([
    z.strictObject({
      status: statusSchema,
      body: z.unknown().optional(),
      headers: headersSchema.optional(),
    }),
    /** The request, or its answer where `when` is `after`, is held for so many milliseconds. */
    z.strictObject({ delayMs: millisecondsSchema }),
    z.strictObject({ reset: z.literal(true) }),
    /** Half of the body, then the connection's end. */
    z.strictObject({ truncate: z.literal(true) }),
    /** An HTML page with this status, as a front end gives it. */
    z.strictObject({ html: statusSchema }),
  ]),
});

/** What goes wrong, and when. */
export type FaultRule = z.input<typeof faultRuleSchema>;
export type Fault = FaultRule['fault'];

interface ActiveRule {
  readonly rule: FaultRule;
  readonly path: RegExp;
  seen: number;
  used: number;
}

/** The rules in force. */
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

  /** How often a rule took effect. */
  uses(id: string): number {
    return this.rules.get(id)?.used ?? 0;
  }

  clear(): void {
    this.rules.clear();
  }

  /** The first rule that hits this request, counted as used. */
  take(method: string, path: string): FaultRule | undefined {
    for (const active of this.rules.values()) {
      const { rule } = active;
      if (rule.match.method !== undefined && rule.match.method !== method) continue;
      if (!active.path.test(path)) continue;
      active.seen += 1;
      const turn = active.seen - (rule.skip ?? 0) - 1;
      if (turn < 0 || turn % (rule.every ?? 1) !== 0 || active.used >= (rule.times ?? Infinity)) continue;
      active.used += 1;
      return rule;
    }
    return undefined;
  }
}
