import { condition, executeChild, setHandler, defineSignal } from '@temporalio/workflow';

/** An unrelated workflow, which runs until it receives a signal. */
export async function unrelatedWorkflow(): Promise<void> {
  let isOver = false;
  setHandler(defineSignal('end'), () => {
    isOver = true;
  });
  await condition(() => isOver);
}

/** Starts a child with any arguments. It represents a parent workflow outside of this package. */
export function parentWorkflow(type: string, taskQueue: string, args: unknown[]): Promise<unknown> {
  return executeChild(type, { args, taskQueue });
}
