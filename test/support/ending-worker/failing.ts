import { runProcess } from '../../../src/worker/process';

/** The message of a credential source: it has a secret, an escape sequence and a second line. */
const MESSAGE = 'failed with ya29.marked-token \u001b[31m\n{"access_token": "marked"} https://a.example/?sig=marked';

const forever = (): Promise<void> => new Promise(() => setInterval(() => undefined, 1_000));

/** Ways in which an error ends a process. */
const FAILURES: ReadonlyMap<string, () => Promise<void>> = new Map([
  ['thrown', () => Promise.reject(new Error(MESSAGE))],
  // A library can throw any value.
  // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
  ['text', () => Promise.reject(MESSAGE)],
  ['cause', () => Promise.reject(new Error('failed with a cause', { cause: new Error(MESSAGE) }))],
  [
    'rejected',
    () => {
      setTimeout(() => void Promise.reject(new Error(MESSAGE)), 10);
      return forever();
    },
  ],
  [
    'uncaught',
    () => {
      setTimeout(() => {
        throw new Error(MESSAGE);
      }, 10);
      return forever();
    },
  ],
]);

void runProcess(FAILURES.get(process.argv[2] ?? '') ?? (() => Promise.resolve()));
