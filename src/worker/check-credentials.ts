import type { Logger } from '@temporalio/common';
import type { Credentials } from '../google/credentials';
import { CredentialsError, credentialsProblemOf } from '../google/credentials-error';
import { within } from '../google/within';
import { WorkerEndedError } from './run-worker';

/** Limit of the request for a token, in milliseconds. A later answer counts as an outage. */
const TOKEN_TIMEOUT_MS = 15_000;

/**
 * Obtains a token once, so that a worker without credentials ends at its start, and not with its first export. If the token
 * service can't be reached, it logs a warning and returns.
 *
 * @throws WorkerEndedError if the credentials are missing, unreadable or refused
 */
export async function checkCredentials(credentials: Credentials, log: Pick<Logger, 'warn'>): Promise<void> {
  try {
    // A source of credentials can throw synchronously.
    const token = Promise.resolve().then(() => credentials.headers());
    await within(token, TOKEN_TIMEOUT_MS);
  } catch (error) {
    const { isOutage, problem, action } = new CredentialsError(credentialsProblemOf(error), '');
    if (!isOutage) throw new WorkerEndedError(`The worker can't call Google: ${problem}. ${action}`);
    log.warn(`No token for Google yet: ${problem}. ${action}`);
  }
}
