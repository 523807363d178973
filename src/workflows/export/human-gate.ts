import type { UpdateDefinition } from '@temporalio/common';
import { condition, defineUpdate, setHandler } from '@temporalio/workflow';
import { ABORT_EXPORT_UPDATE, RETRY_EXPORT_UPDATE } from '../../contract/names';
import type { FixableFailure } from './failures';
import { fixableFailureIn } from './failures';
import type { ExportProgress } from './progress';

/** Update that retries a blocked export after its cause is fixed. It is rejected if the export is not blocked. */
export const retryExportUpdate = defineUpdate(RETRY_EXPORT_UPDATE);

/** Update that ends a blocked export with the failure that blocked it. It is rejected if the export is not blocked. */
export const abortExportUpdate = defineUpdate(ABORT_EXPORT_UPDATE);

type Decision = 'retry' | 'abort';

/** Waits for a person's decision when a step fails for a reason that a person can fix. */
export class HumanGate {
  /** Time spent blocked, in milliseconds. It extends the deadline. */
  blockedMs = 0;
  /** Set while the export is blocked. */
  private pending: { decision?: Decision } | undefined;

  /**
   * @param isEnabled whether people are waited for; otherwise every failure is thrown at once
   * @param show changes the progress and shows it
   */
  constructor(
    private readonly isEnabled: boolean,
    private readonly progress: Readonly<ExportProgress>,
    private readonly show: (change: Partial<ExportProgress>) => void,
  ) {
    this.accept(retryExportUpdate, 'retry', 'Retries a blocked export after its cause is fixed.');
    this.accept(abortExportUpdate, 'abort', 'Ends a blocked export with its failure.');
  }

  /**
   * Runs a step and repeats it each time a person resolves its failure.
   *
   * @param canRetry whether another run of the step can help. Default: always
   * @throws the failure of the step if no person can fix it, or after `abortExport`
   */
  retryUntilResolved<T>(step: () => Promise<T>, canRetry: (error: unknown) => boolean = () => true): Promise<T> {
    // Each promise in a workflow costs the worker a stack trace.
    return this.isEnabled ? this.repeat(step, canRetry) : step();
  }

  /**
   * Blocks the export until a person decides to retry.
   *
   * @throws `error` if no person can fix it, if the export does not wait for people, or after `abortExport`
   */
  async waitForRetry(error: unknown): Promise<void> {
    const failure = this.isEnabled ? fixableFailureIn(error) : undefined;
    if (failure === undefined || (await this.decisionOn(failure)) === 'abort') throw error;
  }

  private async repeat<T>(step: () => Promise<T>, canRetry: (error: unknown) => boolean): Promise<T> {
    for (;;) {
      try {
        return await step();
      } catch (error) {
        if (!canRetry(error)) throw error;
        await this.waitForRetry(error);
      }
    }
  }

  private async decisionOn(failure: FixableFailure): Promise<Decision | undefined> {
    const since = Date.now();
    const { stage } = this.progress;
    const pending: { decision?: Decision } = {};
    this.pending = pending;
    this.show({ stage: 'blocked', blocked: { ...failure, since: new Date(since).toISOString() } });
    try {
      await condition(() => pending.decision !== undefined);
    } finally {
      this.pending = undefined;
      this.blockedMs += Date.now() - since;
      this.show({ stage, blocked: undefined });
    }
    return pending.decision;
  }

  private accept(update: UpdateDefinition<unknown>, decision: Decision, description: string): void {
    const validator = (): void => {
      if (this.pending === undefined) {
        throw new Error(
          `The export is not blocked: its stage is ${this.progress.stage}. Only a blocked export can ${decision}.`,
        );
      }
      if (this.pending.decision !== undefined) throw new Error('Another update has already ended the wait.');
    };
    const handler = (): void => {
      if (this.pending) this.pending.decision = decision;
    };
    setHandler(update, handler, { validator, description });
  }
}
