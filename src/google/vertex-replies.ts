import { z } from 'zod';
import { defined } from '../internal/defined';
import type { LocationName, ModelName, OperationName } from '../contract/resource-names';
import { mayBeSameProject, parseModelName, parseOperationName, splitLocatedName } from '../contract/resource-names';
import { MAX_PARTIAL_FAILURE_MESSAGE, MAX_PARTIAL_FAILURES } from '../contract/partial-failures';
import { googleStatus } from './api-error';
import { messageText } from './message-text';
import { MAX_PAGE_TOKEN_LENGTH } from './pages';
import {
  boundedList,
  exactText,
  messageField,
  optionalField,
  optionalTime,
  optionalUri,
  shownText,
} from './reply-fields';
import type { OperationsParent } from './resource-url';

const FORMAT_ID = /^[A-Za-z0-9._-]{1,128}$/;
/** Limits of each list; Google sends fewer items. */
const MAX_FORMATS = 200;
const MAX_ALIASES = 1_000;
const MAX_PAGE_ITEMS = 5_000;
const MAX_NAME_LENGTH = 1_000;
/** In UTF-16 code units. Google allows 128 characters, some of which need two code units. */
const MAX_DISPLAY_NAME_LENGTH = 200;

const exportFormatSchema = z.object({
  id: exactText(1_000),
  exportableContents: boundedList(shownText(64), 20).default([]),
});

const versionSchema = z.string().regex(/^[a-zA-Z0-9-]{1,128}$/);

export const modelSchema = z
  .object({
    name: exactText(MAX_NAME_LENGTH),
    versionId: versionSchema.optional(),
    versionAliases: boundedList(versionSchema, MAX_ALIASES).default([]),
    displayName: shownText(MAX_DISPLAY_NAME_LENGTH).default(''),
    // A format whose id no export can use is ignored.
    supportedExportFormats: boundedList(exportFormatSchema, MAX_FORMATS)
      .default([])
      .transform((formats) => formats.filter(({ id }) => FORMAT_ID.test(id))),
    artifactUri: optionalUri,
    containerSpec: optionalField(z.object({ imageUri: optionalUri })),
    versionCreateTime: optionalTime,
  })
  .transform(({ containerSpec, ...model }) =>
    defined({ ...model, containerSpec: containerSpec && defined(containerSpec) }),
  );

/** A `google.rpc.Status`. */
const partialFailureSchema = z
  .object({
    code: z.int().default(2),
    message: z.string().default(''),
  })
  .transform(({ code, message }) => ({
    code,
    status: googleStatus(code),
    message: messageText(message, MAX_PARTIAL_FAILURE_MESSAGE),
  }));

const genericMetadataSchema = z
  .object({
    createTime: optionalTime,
    updateTime: optionalTime,
    // Invalid entries are counted, not read: a report of a failure must not fail an operation that succeeded.
    partialFailures: optionalField(z.array(z.unknown())),
  })
  .transform(({ partialFailures = [], ...times }) => {
    const kept = partialFailures.slice(0, MAX_PARTIAL_FAILURES).flatMap((item) => {
      const parsed = partialFailureSchema.safeParse(item);
      return parsed.success ? [parsed.data] : [];
    });
    const more = partialFailures.length - kept.length;
    return defined({
      ...times,
      partialFailures: kept.length > 0 ? kept : undefined,
      morePartialFailures: more > 0 ? more : undefined,
    });
  });

const outputInfoSchema = z
  .object({ artifactOutputUri: optionalUri, imageOutputUri: optionalUri })
  .transform((info) => defined(info));

export const operationSchema = z.object({
  name: exactText(MAX_NAME_LENGTH),
  metadata: z
    .object({
      genericMetadata: genericMetadataSchema.default({}),
      outputInfo: outputInfoSchema.default({}),
    })
    .default({ genericMetadata: {}, outputInfo: {} }),
  done: z.boolean().default(false),
  error: z.object({ code: z.int(), message: messageField.default('') }).exactOptional(),
});

const pageTokenSchema = exactText(MAX_PAGE_TOKEN_LENGTH).default('');

/** Whether an answer is a page. An empty list is `{}`; an answer with other fields only must not be read as an empty list. */
function isPage(value: unknown, field: string): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  if (Object.hasOwn(value, field)) return true;
  return Object.keys(value).length === 0 || ('nextPageToken' in value && value.nextPageToken !== '');
}

export const modelPageSchema = z
  .unknown()
  .refine((value) => isPage(value, 'models'))
  .pipe(z.object({ models: boundedList(modelSchema, MAX_PAGE_ITEMS).default([]), nextPageToken: pageTokenSchema }));

/** A page of operations. The items are not parsed yet: a location also lists operations of other kinds. */
export const operationListSchema = z
  .unknown()
  .refine((value) => isPage(value, 'operations'))
  .pipe(z.object({ operations: boundedList(z.unknown(), MAX_PAGE_ITEMS).default([]), nextPageToken: pageTokenSchema }));

const namedSchema = z.object({ name: exactText(MAX_NAME_LENGTH) });

/** Below its location, an operation that is not an export's: `endpoints/2/operations/3`. */
const OTHER_OPERATION = /^(?:[^/]+\/){1,8}operations\/[^/]+$/;

/** A listed item: an export's operation, one of another kind, or one that must not be in the list. */
export type ListedOperation = z.output<typeof operationSchema> | 'other kind' | 'undocumented' | 'not of the parent';

/** Parses one item of a list of operations. */
export function listedOperation(item: unknown, parent: OperationsParent): ListedOperation {
  const named = namedSchema.safeParse(item);
  if (!named.success) return 'undocumented';
  const { name } = named.data;
  if (parseOperationName(name) === undefined) {
    const other = splitLocatedName(name);
    if (other === undefined || !isInLocation(other, parent)) return 'not of the parent';
    const isBelow = parent.model === undefined || other.below.startsWith(`models/${parent.model}/`);
    return isBelow && OTHER_OPERATION.test(other.below) ? 'other kind' : 'not of the parent';
  }
  if (!isOperationOf(name, parent)) return 'not of the parent';
  const operation = operationSchema.safeParse(item);
  return operation.success ? operation.data : 'undocumented';
}

function isInLocation(found: LocationName, asked: LocationName): boolean {
  return found.location === asked.location && mayBeSameProject(found.project, asked.project);
}

/** Whether a Model's name in an answer matches the request. Versions are compared if both have one. */
export function isModel(model: Pick<z.output<typeof modelSchema>, 'name' | 'versionId'>, asked: ModelName): boolean {
  const found = parseModelName(model.name);
  if (found?.model !== asked.model || !isInLocation(found, asked)) return false;
  // An alias can mean any version.
  if (asked.version === undefined || !/^\d+$/.test(asked.version)) return true;
  return [model.versionId, found.version].every(
    (version) => version === undefined || version === asked.version || !/^\d+$/.test(version),
  );
}

/** Whether a listed Model belongs to the requested location. */
export function isModelIn(name: string, parent: LocationName): boolean {
  const found = parseModelName(name);
  return found !== undefined && isInLocation(found, parent);
}

/** Whether an operation belongs to a Model or location. Models are compared if both names have one. */
export function isOperationOf(name: string, parent: OperationsParent): boolean {
  const found = parseOperationName(name);
  if (found === undefined || !isInLocation(found, parent)) return false;
  return found.model === undefined || parent.model === undefined || found.model === parent.model;
}

/** Whether an operation's name in an answer matches the request. */
export function isOperation(name: string, asked: OperationName): boolean {
  return isOperationOf(name, asked) && parseOperationName(name)?.operation === asked.operation;
}
