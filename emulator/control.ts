import { z } from 'zod';
import type { Faults } from './faults';
import { faultRuleSchema } from './faults';
import { millisecondsSchema, outcomesSchema } from './vertex/models';
import type { EmulatorOptions } from './options';
import { capabilitiesSchema } from './options';
import { parseJson } from './request-body';
import type { Requests } from './requests';
import type { Stores } from './stores';
import type { Service } from './vertex/service';

/** The parts of an emulator that can be inspected and changed while it runs. */
export interface Control {
  readonly service: Service;
  readonly faults: Faults;
  readonly requests: Requests;
  readonly options: EmulatorOptions;
  readonly stores: Stores;
}

/** State of an export in the emulator. */
export interface EmulatorOperation {
  /** Resource name of the operation. */
  readonly name: string;
  /** Version id of the exported Model. */
  readonly versionId: string;
  /** Id of the export format. */
  readonly formatId: string;
  /** State of the operation. */
  readonly state: 'running' | 'succeeded' | 'failed' | 'cancelled';
  /** Start of the operation, in ISO 8601 (UTC). */
  readonly createTime: string;
  /** End of the operation, in ISO 8601 (UTC); missing while it runs. */
  readonly endTime?: string;
  /** Directory of the exported files: `gs://bucket/path`. */
  readonly artifactOutputUri?: string;
  /** URI of the exported image. */
  readonly imageOutputUri?: string;
}

/** Path of the control API, which is not a part of Vertex AI. */
export const CONTROL_PREFIX = '/emulator/v1';

const CANCELLED = 1;
/** Maximum number of problems in an answer. A body of megabytes can have a problem in each entry. */
const MAX_PROBLEMS = 100;

const outcomeRequestSchema = z.strictObject({
  model: z.string(),
  outcome: outcomesSchema,
  durationMs: millisecondsSchema.optional(),
});

/** All exports since the start, oldest first. */
export function operationsOf({ service }: Control): EmulatorOperation[] {
  return service.operations
    .exports()
    .map(({ name, versionId, formatId, done, error, createdAt, updatedAt, artifactOutputUri, imageOutputUri }) => ({
      name,
      versionId,
      formatId,
      state: !done ? 'running' : !error ? 'succeeded' : error.code === CANCELLED ? 'cancelled' : 'failed',
      createTime: new Date(createdAt).toISOString(),
      ...(done && { endTime: new Date(updatedAt).toISOString() }),
      ...(artifactOutputUri !== undefined && { artifactOutputUri }),
      ...(imageOutputUri !== undefined && { imageOutputUri }),
    }));
}

interface ControlRoute {
  readonly method: string;
  readonly path: RegExp;
  readonly answer: (control: Control, body: unknown, id: string) => unknown;
}

const CONTROL_ROUTES: readonly ControlRoute[] = [
  { method: 'GET', path: /^\/requests$/, answer: ({ requests }) => requests.log() },
  {
    method: 'DELETE',
    path: /^\/requests$/,
    answer: ({ requests }) => {
      requests.clear();
      return {};
    },
  },
  { method: 'GET', path: /^\/operations$/, answer: (control) => ({ operations: operationsOf(control) }) },
  {
    method: 'POST',
    path: /^\/faults$/,
    answer: ({ faults }, body) => ({ id: faults.add(faultRuleSchema.parse(body)) }),
  },
  {
    method: 'DELETE',
    path: /^\/faults(?:\/(\d+))?$/,
    answer: ({ faults }, _, id) => {
      if (id) faults.remove(id);
      else faults.clear();
      return {};
    },
  },
  {
    method: 'POST',
    path: /^\/models$/,
    answer: ({ service }, body) => {
      service.addPostedModels(body);
      return {};
    },
  },
  {
    method: 'POST',
    path: /^\/outcomes$/,
    answer: ({ service }, body) => {
      const { model, outcome, durationMs } = outcomeRequestSchema.parse(body);
      service.setOutcome(model, [outcome].flat(), durationMs);
      return {};
    },
  },
  {
    method: 'PATCH',
    path: /^\/capabilities$/,
    answer: ({ service }, body) => Object.assign(service.capabilities, capabilitiesSchema.parse(body)),
  },
];

/** Answers a request below {@link CONTROL_PREFIX}. */
export function answerControl(
  control: Control,
  method: string,
  path: string,
  body: Buffer,
): { status: number; body: unknown } {
  for (const route of CONTROL_ROUTES) {
    const match = route.method === method ? route.path.exec(path) : null;
    if (match === null) continue;
    try {
      return { status: 200, body: route.answer(control, parseJson(body), match[1] ?? '') };
    } catch (error) {
      const problems =
        error instanceof z.ZodError
          ? error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
          : [error instanceof Error ? error.message : String(error)];
      return { status: 400, body: { problems: problems.slice(0, MAX_PROBLEMS) } };
    }
  }
  const known = CONTROL_ROUTES.map((route) => `${route.method} ${CONTROL_PREFIX}${route.path.source}`);
  return {
    status: 404,
    body: { problems: [`The control API has no route ${method} ${path}. Use one of the known routes.`], known },
  };
}
