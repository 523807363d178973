import { setTimeout as sleep } from 'node:timers/promises';
import { printable } from '../internal/text';
import { redact } from '../internal/redact';
import { logText } from '../telemetry/logs';

/** The settings are invalid; the message has a line for each problem. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/** Signals that stop the process, with their exit codes. */
const STOP_SIGNALS = { SIGINT: 130, SIGQUIT: 131, SIGUSR2: 140, SIGTERM: 143 } as const;

/** Delay before the process ends, in milliseconds: the SDK buffers log lines for up to 0.2 s. */
const LOG_DELAY_MS = 300;

/** The process that a worker runs in. */
export interface WorkerProcess {
  /** Whether a signal has requested a stop. */
  readonly isStopRequested: () => boolean;
  /** From this call on, a first signal lets the worker shut down. */
  readonly workerStarts: () => void;
}

/**
 * Runs `main`, then ends the process: with 0 if it resolves, with 1 and one line on stderr if it fails. Open sockets, timers
 * and activities do not delay the end. A first signal requests a graceful stop; a second one ends the process at once.
 */
export async function runProcess(main: (process: WorkerProcess) => Promise<void>): Promise<never> {
  let isStopRequested = false;
  let isStarting = true;
  for (const [signal, code] of Object.entries(STOP_SIGNALS)) {
    process.on(signal, () => {
      // At a second signal, or if there is nothing to stop yet, the process ends at once.
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
