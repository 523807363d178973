import { condition, executeChild, setHandler, defineSignal } from '@temporalio/workflow';

/** Workflow of somebody else: it runs until it is told to end. */
export async function unrelatedWorkflow(): Promise<void> {
  let isOver = false;
  setHandler(defineSignal('end'), () => {
    isOver = true;
  });
  await condition(() => isOver);
}

/** Starts a child with any arguments: a parent workflow that is not of this package. */
export function parentWorkflow(type: string, taskQueue: string, args: unknown[]): Promise<unknown> {
  return executeChild(type, { args, taskQueue });
}
