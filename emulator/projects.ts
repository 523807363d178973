import { createHash } from 'node:crypto';

/** Project ids and numbers: both name the same project, and operations are named by number. */
export class Projects {
  constructor(private readonly known: Readonly<Record<string, string>> = {}) {}

  /** Number of a project that is given by id or by number. */
  number(project: string): string {
    if (/^\d+$/.test(project)) return project;
    const digest = createHash('sha256').update(project).digest();
    return this.known[project] ?? String(100_000_000_000 + (digest.readUIntBE(0, 5) % 899_999_999_999));
  }
}
