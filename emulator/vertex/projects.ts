import { createHash } from 'node:crypto';

const MAX_REMEMBERED = 10_000;

/** Maps project ids to numbers. Names of operations have the number. */
export class Projects {
  private readonly numbers: Map<string, string>;

  constructor(known: Readonly<Record<string, string>> = {}) {
    this.numbers = new Map(Object.entries(known));
  }

  /** Number of a project, from its id or number. */
  number(project: string): string {
    if (/^\d+$/.test(project)) return project;
    const known = this.numbers.get(project);
    if (known !== undefined) return known;
    const digest = createHash('sha256').update(project).digest();
    const number = String(100_000_000_000 + (digest.readUIntBE(0, 5) % 899_999_999_999));
    // Requests can have any number of projects. The numbers of others are derived again.
    if (this.numbers.size < MAX_REMEMBERED) this.numbers.set(project, number);
    return number;
  }
}
