import { z } from 'zod';
import type { EmulatorModel } from './models';
import { millisecondsSchema } from './models';
import type { LoggedRequest } from './requests';

/** Limits of requests a minute, by project and region. */
export interface Quotas {
  /** Job and long-running submissions; exports are among them. */
  submissionsPerMinute?: number;
  requestsPerMinute?: number;
}

export const capabilitiesSchema = z.strictObject({
  /** `:wait` holds until the operation ends, comes back at once, or answers UNIMPLEMENTED. Default `honoured`. */
  wait: z.enum(['honoured', 'returns-early', 'unimplemented']).optional(),
  /** LIST of operations; with `appearsAfterMs` a new operation is shown late. Default `implemented`. */
  list: z
    .union([z.enum(['implemented', 'unimplemented']), z.strictObject({ appearsAfterMs: millisecondsSchema })])
    .optional(),
  /** Whether the LIST of a location has the operations of its models. Default `with-nested`. */
  locationList: z.enum(['with-nested', 'without-nested']).optional(),
  /** Default `implemented`. */
  cancel: z.enum(['implemented', 'unimplemented']).optional(),
  /** Bearer token that every request must carry; without it, or with another one, the answer is 401. Default: none. */
  requiredToken: z.string().nullable().optional(),
});

/** What the emulated service can do. */
export type Capabilities = z.input<typeof capabilitiesSchema>;

/** Options of {@link startEmulator}. */
export interface EmulatorOptions {
  /** On 127.0.0.1. Default: a free one. */
  port?: number;
  /** Path of a models file, or its entries. Default: the set that ships with the package. */
  models?: string | readonly EmulatorModel[];
  /**
   * A folder that the entries of a models file may name folders below, beside the file's own folder; entries that are
   * posted to the control API name only folders below this one. Default: the folder of the models file. Entries of code
   * in this process may name any folder.
   */
  filesRoot?: string;
  /** Cloud Storage that exports are written to. Default: the environment variable `STORAGE_EMULATOR_HOST`. */
  storageUrl?: string;
  /** Registry that images are pushed to, whatever their host is. Default: `REGISTRY_EMULATOR_HOST`. */
  registryUrl?: string;
  /**
   * Names of created directories: as the reference has them, or as users saw them. Default `reference`.
   */
  layout?: 'reference' | 'observed';
  /** `service` is 60 submissions and 600 requests a minute. Default `off`. */
  quotas?: 'off' | 'service' | Quotas;
  capabilities?: Capabilities;
  /** Project numbers by project id. Default: one that is derived from the id. */
  projectNumbers?: Readonly<Record<string, string>>;
  /** How long an export runs where its model does not say, in milliseconds. Default 1,000. */
  durationMs?: number;
  /** Called with each request when it is logged: the log itself keeps only the newest. */
  onRequest?: (request: LoggedRequest) => void;
}
