/** Relates the two names of a project: an ID such as `my-project`, and a number. */
export class ProjectNames {
  private readonly numberOfId = new Map<string, string>();
  private readonly relatedNumbers = new Set<string>();

  /** The number of a project if it is known; otherwise the given name. */
  canonical(project: string): string {
    return this.numberOfId.get(project) ?? project;
  }

  /**
   * Relates an ID and a number to one project. Returns whether the relation is new. The first relation of an ID is
   * kept: a different one comes from a wrong answer.
   */
  learn(id: string, number: string): boolean {
    if (id === '' || isNumber(id) || !isNumber(number) || this.numberOfId.has(id)) return false;
    this.numberOfId.set(id, number);
    this.relatedNumbers.add(number);
    return true;
  }

  /** Divides canonical names into groups that may each be one project. */
  groups(projects: ReadonlySet<string>): readonly ReadonlySet<string>[] {
    const related = [...projects].filter((project) => this.relatedNumbers.has(project));
    const unrelated = [...projects].filter((project) => !this.relatedNumbers.has(project));
    // Two IDs are two projects, and so are two numbers. An ID may belong to any number that is not related yet.
    const mayBeOne = unrelated.some(isNumber) && !unrelated.every(isNumber);
    const separate = [...related, ...(mayBeOne ? [] : unrelated)].map((project) => new Set([project]));
    return mayBeOne ? [...separate, new Set(unrelated)] : separate;
  }
}

function isNumber(project: string): boolean {
  return /^\d+$/.test(project);
}
