/** What is known of the two names of projects: an id such as `my-project`, and a number. */
export class ProjectNames {
  private readonly numberOfId = new Map<string, string>();
  private readonly relatedNumbers = new Set<string>();

  /** The number of a project where it is known; else the name as it is. */
  canonical(project: string): string {
    return this.numberOfId.get(project) ?? project;
  }

  /**
   * Learns that an id and a number are one project; returns whether that is new. The first relation of an id stays: a
   * second one would come from a wrong answer.
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
    const open = [...projects].filter((project) => !this.relatedNumbers.has(project));
    // Two ids are two projects, and so are two numbers; any id may belong to any number.
    const mayBeOne = open.some(isNumber) && !open.every(isNumber);
    const apart = [...related, ...(mayBeOne ? [] : open)].map((project) => new Set([project]));
    return mayBeOne ? [...apart, new Set(open)] : apart;
  }
}

function isNumber(project: string): boolean {
  return /^\d+$/.test(project);
}
