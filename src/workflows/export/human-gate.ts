import type { UpdateDefinition } from '@temporalio/common';
import type { ApplicationFailure } from '@temporalio/workflow';
import { condition, defineUpdate, setHandler } from '@temporalio/workflow';
import { ExportFailureType } from '../../contract/failures';
import type { ExportFailureTypeName } from '../../contract/failures';
import { ABORT_EXPORT_UPDATE, RETRY_EXPORT_UPDATE } from '../../contract/export-status';
import { detailsOf, mendableFailureIn } from './failures';
import type { ExportProgress } from './progress';

/** Lets a blocked export go on, when what blocked it is mended. Refused unless the export is blocked. */
export const retryExportUpdate = defineUpdate(RETRY_EXPORT_UPDATE);

/** Ends a blocked export with the failure that blocked it. Refused unless the export is blocked. */
export const abortExportUpdate = defineUpdate(ABORT_EXPORT_UPDATE);

/** Waits for people where they can mend a failure. */
export class Blocking {
  /** Time spent blocked, in milliseconds: the deadline is put off by it. */
  blockedMs = 0;
  private decision: 'retry' | 'abort' | undefined;

  constructor(
    private readonly isWaiting: () => boolean,
    private readonly progress: ExportProgress,
    private readonly show: (change: Partial<ExportProgress>) => void,
  ) {
    this.accept(retryExportUpdate, 'retry', 'Goes on with a blocked export: what blocked it is mended.');
    this.accept(abortExportUpdate, 'abort', 'Ends a blocked export with its failure.');
  }

  /** Runs a step; where it fails with what a person can mend, and would help, it is run again when they say so. */
  mended<T>(step: () => Promise<T>, helps: (error: unknown) => boolean = () => true): Promise<T> {
    // Every promise in a workflow costs the worker a stack trace.
    return this.isWaiting() ? this.repeated(step, helps) : step();
  }

  private async repeated<T>(step: () => Promise<T>, helps: (error: unknown) => boolean): Promise<T> {
    for (;;) {
      try {
        return await step();
      } catch (error) {
        if (!helps(error) || !(await this.isMended(error))) throw error;
      }
    }
  }

  /** Waits until what failed is mended; `false` where nobody can mend it, nobody is to be waited for, or on abort. */
  async isMended(error: unknown): Promise<boolean> {
    const failure = this.isWaiting() ? mendableFailureIn(error) : undefined;
    if (failure === undefined) return false;
    const since = Date.now();
    const { stage } = this.progress;
    this.decision = undefined;
    this.show({ stage: 'blocked', blocked: blockedReason(failure, since) });
    try {
      await condition(() => this.decision !== undefined);
    } finally {
      this.blockedMs += Date.now() - since;
      this.show({ stage, blocked: undefined });
    }
    return this.isRetry();
  }

  // A method: to the compiler the decision is still the `undefined` of before the wait.
  private isRetry(): boolean {
    return this.decision === 'retry';
  }

  private accept(update: UpdateDefinition<unknown>, decision: 'retry' | 'abort', description: string): void {
    const validator = (): void => {
      if (this.progress.stage !== 'blocked' || this.decision !== undefined) {
        throw new Error(`The export is not blocked: it is ${this.progress.stage}. Only a blocked one can ${decision}.`);
      }
    };
    const handler = (): void => {
      this.decision = decision;
    };
    setHandler(update, handler, { validator, description });
  }
}

function blockedReason(failure: ApplicationFailure, since: number): NonNullable<ExportProgress['blocked']> {
  const { action = '' } = detailsOf(failure);
  const type = (failure.type ?? ExportFailureType.FailedPrecondition) as ExportFailureTypeName;
  return { type, message: failure.message, action, since: new Date(since).toISOString() };
}
