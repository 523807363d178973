import type { z } from 'zod';

/** The first thing that a schema found wrong, with its place: `subject.0.name: Invalid input`. */
export function firstIssue({ issues }: z.ZodError): string {
  const [issue] = issues;
  const path = issue?.path.join('.') ?? '';
  return `${path === '' ? 'its top' : path}: ${issue?.message ?? ''}`;
}
