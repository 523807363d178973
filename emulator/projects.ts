import { createHash } from 'node:crypto';

const MAX_REMEMBERED = 10_000;

/** Project ids and numbers: both name the same project, and operations are named by number. */
export class Projects {
  private readonly numbers: Map<string, string>;

  constructor(known: Readonly<Record<string, string>> = {}) {
    this.numbers = new Map(Object.entries(known));
  }

  /** Number of a project that is given by id or by number. */
  number(project: string): string {
    if (/^\d+$/.test(project)) return project;
    const known = this.numbers.get(project);
    if (known !== undefined) return known;
    const digest = createHash('sha256').update(project).digest();
    const number = String(100_000_000_000 + (digest.readUIntBE(0, 5) % 899_999_999_999));
    // Requests can name any number of projects: what is not remembered is derived again.
    if (this.numbers.size < MAX_REMEMBERED) this.numbers.set(project, number);
    return number;
  }
}
