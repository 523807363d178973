import { z } from 'zod';

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
      status: z.int().min(100).max(599),
      body: z.unknown().optional(),
      headers: z.record(z.string(), z.string()).optional(),
    }),
    /** The request, or its answer where `when` is `after`, is held for so many milliseconds. */
    z.strictObject({ delayMs: z.number().min(0) }),
    z.strictObject({ reset: z.literal(true) }),
    /** Half of the body, then the connection's end. */
    z.strictObject({ truncate: z.literal(true) }),
    /** An HTML page with this status, as a front end gives it. */
    z.strictObject({ html: z.int().min(100).max(599) }),
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
