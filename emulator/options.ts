import { z } from 'zod';
import type { EmulatorModel } from './vertex/models';
import { millisecondsSchema } from './vertex/models';
import type { LoggedRequest } from './requests';

/** Quotas: limits per minute, project and region. */
export interface Quotas {
  /** Submissions of jobs and long-running operations, including exports. */
  submissionsPerMinute?: number;
  /** Requests of all kinds. */
  requestsPerMinute?: number;
}

export const capabilitiesSchema = z.strictObject({
  /** What `:wait` does: wait for the end, return at once, or answer UNIMPLEMENTED. Default `honoured`. */
  wait: z.enum(['honoured', 'returns-early', 'unimplemented']).optional(),
  /** Whether operations can be listed. With `appearsAfterMs`, lists have new operations after a delay. Default `implemented`. */
  list: z
    .union([z.enum(['implemented', 'unimplemented']), z.strictObject({ appearsAfterMs: millisecondsSchema })])
    .optional(),
  /** Whether the list of a location has the operations of its Models. Default `with-nested`. */
  locationList: z.enum(['with-nested', 'without-nested']).optional(),
  /** Whether operations can be cancelled. Default `implemented`. */
  cancel: z.enum(['implemented', 'unimplemented']).optional(),
  /** What an export without a format id does: export the first supported format, or fail. Default `first`. */
  defaultFormat: z.enum(['first', 'refused']).optional(),
  /** Permissions that `testIamPermissions` does not grant. Default: none. */
  deniedPermissions: z.array(z.string()).optional(),
  /** Bearer token that requests must have. Others are answered with 401. Default: none. */
  requiredToken: z.string().nullable().optional(),
});

/** Capabilities of the emulated service. */
export type Capabilities = z.input<typeof capabilitiesSchema>;

/** A bucket to create. */
export interface BucketOptions {
  /** Name of the bucket. */
  name: string;
  /** Location of the bucket. Exports need one in the location of their Models. Default `us-central1`. */
  location?: string;
}

/** Options of {@link startEmulator}. */
export interface EmulatorOptions {
  /** Port on 127.0.0.1. Default: any free port. */
  port?: number;
  /** Path of a models file, or its entries. Default: the models that ship with the package. */
  models?: string | readonly EmulatorModel[];
  /**
   * Root for the folders of Models. Entries of a models file can use folders below it or below the file's folder. Entries
   * that are posted to the control API can only use folders below it. Entries from code in this process can use any
   * folder. Default: the folder of the models file.
   */
  filesRoot?: string;
  /**
   * URL of the object store that exports are written to, or `built-in`. Default: the environment variable
   * `STORAGE_EMULATOR_HOST`; if it is not set, the built-in object store.
   */
  storageUrl?: string;
  /**
   * URL of the registry that all images are pushed to, or `built-in`. Default: the environment variable
   * `REGISTRY_EMULATOR_HOST`; if it is not set, the built-in registry.
   */
  registryUrl?: string;
  /**
   * Folder for the buckets, objects and images of the built-in stores. It must be for one emulator at a time. Models and
   * operations are never kept. Default: everything is in memory.
   */
  dataFolder?: string;
  /**
   * Buckets that are created at the start, unless they exist. Default: `exports` in `us-central1` if the object store is the
   * built-in one, otherwise none.
   */
  buckets?: readonly BucketOptions[];
  /**
   * How export directories are named: as documented, or as observed in use. Default `reference`.
   */
  layout?: 'reference' | 'observed';
  /** Quotas. `service` means 60 submissions and 600 requests per minute. Default `off`. */
  quotas?: 'off' | 'service' | Quotas;
  /** Capabilities of the service. Default: all. */
  capabilities?: Capabilities;
  /** Project numbers by project id. Default: derived from the id. */
  projectNumbers?: Readonly<Record<string, string>>;
  /** Default duration of an export, in milliseconds. Default 1,000. */
  durationMs?: number;
  /** Called for each request. The log keeps only the newest requests. */
  onRequest?: (request: LoggedRequest) => void;
}
