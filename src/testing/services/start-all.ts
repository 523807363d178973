/** Something that was started and must be stopped. */
export interface Stoppable {
  stop(): Promise<unknown>;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function stopAll(started: readonly Stoppable[]): Promise<string[]> {
  const stops = await Promise.allSettled(started.map((service) => service.stop()));
  return stops.flatMap((stop) => (stop.status === 'rejected' ? [messageOf(stop.reason)] : []));
}

/**
 * Waits for services that start at the same time. If one can't start, the others are stopped.
 *
 * @throws Error with the reason of each service that can't start
 */
export async function startAll<T extends readonly Promise<Stoppable>[] | []>(
  starting: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const ends = await Promise.allSettled<Stoppable>(starting);
  const reasons = ends.flatMap((end) => (end.status === 'rejected' ? [messageOf(end.reason)] : []));
  if (reasons.length === 0) return Promise.all(starting);
  const started = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
  throw new Error([...reasons, ...(await stopAll(started))].join('\n\n'));
}

/** Runs a step that needs services which were started. If the step fails, the services are stopped. */
export async function orStop<T>(started: readonly Stoppable[], step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    await stopAll(started);
    throw error;
  }
}
