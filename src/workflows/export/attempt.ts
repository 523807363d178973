import type { ExportPlan, OwnOperation } from '../../contract/export-activities';
import type { ExportModelInput } from '../../contract/export-input';
import type { Adoption, ExportModelResult } from '../../contract/export-result';
import type { Blocking } from './human-gate';
import { endedAttempt } from './failures';
import type { ExportProgress } from './progress';
import { isReset, ownOperation } from './own-operation';
import { start, verify, wait } from './steps';
import { partialFailureNotes, resultOf, verificationNotes } from './result';

/** One run of the workflow: what its steps share. */
export interface ExportRun {
  readonly progress: ExportProgress;
  /** Changes the progress, and shows it in the Web UI. */
  readonly show: (change: Partial<ExportProgress>) => void;
  readonly blocking: Blocking;
  /** Milliseconds since 1970; it moves while the run is blocked. */
  readonly deadline: () => number;
  readonly input: ExportModelInput;
  plan?: ExportPlan;
  /** What tells the operations of the current attempt from others. */
  own?: OwnOperation;
}

/** The result of an attempt, or why its operation, which has ended, was not the last one. */
export type AttemptOutcome =
  { readonly result: ExportModelResult } | { readonly error: unknown; readonly adoption: Adoption };

/** Starts an operation, waits for its end, and verifies what it wrote. Throws where the operation may still run. */
export async function runAttempt(run: ExportRun, plan: ExportPlan): Promise<AttemptOutcome> {
  const { progress, show, blocking, deadline } = run;
  const own = ownOperation(plan, progress);
  run.own = own;
  // A reset begins in the middle of a history: an operation may have been started after that point.
  let mayHaveStarted = isReset();
  const started = await blocking.mended(() => {
    const until = { deadline: new Date(deadline()).toISOString() };
    show({ stage: 'starting', exportAttempt: progress.attempts.length + 1, unfinished: {}, ...until });
    const step = start(plan, own, deadline(), mayHaveStarted);
    // Where it is run again after a person's decision, the first one may have started something.
    mayHaveStarted = true;
    return step;
  });
  const { operation } = started;
  show({ stage: 'exporting', operation, outputInfo: started.outputInfo, unfinished: { operation } });
  try {
    const ended = await blocking.mended(
      () => wait(plan, own, started, deadline()),
      // An operation that has ended is not waited for again.
      (error) => endedAttempt(operation, error) === undefined,
    );
    const warnings = partialFailureNotes(ended);
    show({ stage: 'verifying', outputInfo: ended.outputInfo, unfinished: undefined, warnings });
    const verified = await blocking.mended(() => verify(plan, own, started, ended, deadline()));
    progress.attempts.push({ operation, outcome: 'succeeded' });
    show({ stage: 'completed', notes: verificationNotes(verified) });
    return { result: resultOf(plan, progress, started, ended, verified) };
  } catch (error) {
    const attempt = endedAttempt(operation, error);
    if (attempt === undefined) throw error;
    progress.attempts.push(attempt);
    show({ unfinished: undefined });
    return { error, adoption: started.adoption };
  }
}
