import type { z } from 'zod';

/** Whether two types are identical, including optional fields. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- only generic functions are compared so
type Identical<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/**
 * Types a schema by an interface that is written by hand. It compiles only if the schema's output is identical to the
 * interface.
 */
export function exactSchema<Output>() {
  return <Schema extends z.ZodType<Output>>(
    schema: Schema & (Identical<z.output<Schema>, Output> extends true ? unknown : never),
  ): z.ZodType<Output> => schema;
}
