import { setCurrentDetails, upsertMemo, workflowInfo } from '@temporalio/workflow';
import { DEFAULT_DEADLINE_MS, MAX_DURATION_MS, milliseconds, SHORTEST_DEADLINE_MS } from '../../contract/duration';
import type { ExportPlan, RunOperation } from '../../contract/export-activities';
import type { ExportModelInput } from '../../contract/export-input';
import { HumanGate } from './human-gate';
import { ExportProgress } from './progress';

/** State that all steps of one workflow run share. */
export class ExportRun {
  readonly progress = new ExportProgress();
  readonly gate: HumanGate;
  /** The checked input. Undefined until `selectExportFormat` has completed. */
  plan?: ExportPlan;
  /** Identifies the operations of the current attempt. Undefined until the first attempt begins. */
  runOperation?: RunOperation;

  /** @param input not checked yet: it can be any value */
  constructor(readonly input: ExportModelInput) {
    const show = (change: Partial<ExportProgress>): void => {
      this.show(change);
    };
    this.gate = new HumanGate(fieldOf(input, 'onBlocked') === 'wait', this.progress, show);
  }

  /** Changes the progress and shows it in the Temporal Web UI. */
  show(change: Partial<ExportProgress>): void {
    Object.assign(this.progress, change);
    setCurrentDetails(this.progress.details());
  }

  /** Deadline of the run, in milliseconds since 1970. The time that the run spends blocked extends it. */
  deadline(): number {
    const limit = this.plan?.deadlineMs ?? requestedDeadline(this.input);
    return workflowInfo().startTime.getTime() + limit + this.gate.blockedMs;
  }

  /** Continues with the checked input. */
  accept(plan: ExportPlan): void {
    this.plan = plan;
    const { model, modelDisplayName, exportFormatId } = plan;
    completeMemo({ model, exportFormatId });
    this.show({ model, modelDisplayName, exportFormatId });
  }
}

/** Adds fields to the memo that the caller did not set. An upsert is a write on the server, so it is skipped if possible. */
function completeMemo(wanted: Readonly<Record<'model' | 'exportFormatId', string>>): void {
  const { memo = {} } = workflowInfo();
  if (Object.keys(wanted).some((field) => memo[field] === undefined)) upsertMemo(wanted);
}

/** Time limit of an input that is not checked yet, in milliseconds. Default if it is missing or out of range. */
function requestedDeadline(input: unknown): number {
  const ms = milliseconds(fieldOf(input, 'deadline')) ?? DEFAULT_DEADLINE_MS;
  return ms < SHORTEST_DEADLINE_MS || ms > MAX_DURATION_MS ? DEFAULT_DEADLINE_MS : ms;
}

/** Field of an input that is not checked yet. */
function fieldOf(input: unknown, field: keyof ExportModelInput): unknown {
  return typeof input === 'object' && input !== null ? Reflect.get(input, field) : undefined;
}
