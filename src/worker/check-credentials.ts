import type { Logger } from '@temporalio/common';
import type { Credentials } from '../google/credentials';
import { CredentialsError, credentialsProblemOf } from '../google/credentials-error';
import { within } from '../google/within';
import { WorkerEndedError } from './run-worker';

/** A token service that does not answer counts as an outage, in milliseconds. */
const TOKEN_TIMEOUT_MS = 15_000;

/**
 * Obtains a token once, so that a worker without credentials ends when it starts, and not with its first export. A token
 * service that can't be reached is an outage, which a worker survives: it is logged.
 *
 * @throws WorkerEndedError where the credentials are missing, unreadable or refused
 */
export async function checkCredentials(credentials: Credentials, log: Pick<Logger, 'warn'>): Promise<void> {
  try {
    // Also where a source of credentials throws at once.
    const token = Promise.resolve().then(() => credentials.headers());
    await within(token, TOKEN_TIMEOUT_MS);
  } catch (error) {
    const { isOutage, problem, action } = new CredentialsError(credentialsProblemOf(error), '');
    if (!isOutage) throw new WorkerEndedError(`The worker can't call Google: ${problem}. ${action}`);
    log.warn(`No token for Google yet: ${problem}. ${action}`);
  }
}
