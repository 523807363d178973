import { setTimeout as sleep } from 'node:timers/promises';
import { printable } from '../internal/text';
import { redact } from '../internal/redact';
import { logText } from '../telemetry/logs';

/** Settings that can't be used; the message has a line for each problem. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/** Signals that ask the process to stop, with the exit code of a process that one ended. */
const STOP_SIGNALS = { SIGINT: 130, SIGQUIT: 131, SIGUSR2: 140, SIGTERM: 143 } as const;

/** Log lines are kept back by the SDK for up to 0.2 s. */
const LOG_DELAY_MS = 300;

/** The process that a worker runs in, as far as its end is concerned. */
export interface WorkerProcess {
  /** Whether a signal asked it to stop. */
  readonly isStopRequested: () => boolean;
  /** From now on, a first signal leaves the end to the worker. */
  readonly workerStarts: () => void;
}

/**
 * Runs `main`, and ends the process: with 0 when it resolves, with 1 and one line on stderr when it fails. The process
 * ends whatever is still open: sockets that are kept alive, timers, activities that never end. A first signal asks for
 * a stop in order, a second one ends the process at once.
 */
export async function runProcess(main: (process: WorkerProcess) => Promise<void>): Promise<never> {
  let isStopRequested = false;
  let isStarting = true;
  for (const [signal, code] of Object.entries(STOP_SIGNALS)) {
    process.on(signal, () => {
      // A second signal; or a first one while there is nothing to stop.
      if (isStopRequested) process.exit(code);
      if (isStarting) process.exit(0);
      isStopRequested = true;
    });
  }
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      report(error);
      process.exit(1);
    });
  }
  let failure: { readonly error: unknown } | undefined;
  try {
    await main({
      isStopRequested: () => isStopRequested,
      workerStarts: () => {
        isStarting = false;
      },
    });
  } catch (error) {
    failure = { error };
  }
  await sleep(LOG_DELAY_MS);
  if (failure) report(failure.error);
  process.exit(failure ? 1 : 0);
}

function report(error: unknown): void {
  const message = error instanceof Error ? error.message || error.name : String(error);
  const text =
    error instanceof SettingsError ? redact(message).split('\n').map(printable).join('\n') : logText(message).trim();
  process.stderr.write(`${text}\n`);
}
