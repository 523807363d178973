import type { BucketRecord, Policy } from './bucket-record';
import { policySchema } from './bucket-record';
import { varint } from './object-resource';
import type { Catalog } from './catalog';
import type { PathNames, StorageAnswer, StorageCall } from './call';
import { checked, jsonBody } from './call';
import { invalid, required, StorageError } from './storage-error';

const PUBLIC_MEMBERS = ['allUsers', 'allAuthenticatedUsers'];

/** Permissions on a bucket and its objects. Source: https://cloud.google.com/storage/docs/access-control/iam-permissions */
const PERMISSION =
  /^(?:storage\.(?:buckets|objects|managedFolders|multipartUploads|folders|anywhereCaches|bucketOperations)|resourcemanager\.hierarchyNodes)\.[A-Za-z]+$/;

/** The policy of a new bucket. */
export function initialPolicy(project: string): Policy {
  return {
    version: 1,
    bindings: [
      {
        role: 'roles/storage.legacyBucketOwner',
        members: [`projectEditor:${project}`, `projectOwner:${project}`],
      },
      { role: 'roles/storage.legacyBucketReader', members: [`projectViewer:${project}`] },
    ],
  };
}

/** `buckets.getIamPolicy` */
export function getPolicy(catalog: Catalog, call: StorageCall, names: PathNames): StorageAnswer {
  const bucket = catalog.bucket(names.bucket);
  const version = Number(call.query.get('optionsRequestedPolicyVersion') ?? '1');
  if (![1, 3].includes(version))
    throw invalid('Requested policy version must be 1 or 3.', 'optionsRequestedPolicyVersion');
  return policyAnswer(bucket.record);
}

/** `buckets.setIamPolicy` */
export async function setPolicy(catalog: Catalog, call: StorageCall, names: PathNames): Promise<StorageAnswer> {
  const bucket = catalog.bucket(names.bucket);
  const { etag, ...policy } = checked(policySchema, await jsonBody(call));
  await bucket.exclusive(async () => {
    const { record } = bucket;
    if (etag !== undefined && etag !== '' && etag !== policyEtag(record)) throw changedPolicy();
    checkPublicMembers(record, policy);
    checkConditionalRoles(policy);
    const bindings = policy.bindings.filter(({ members }) => members.length > 0);
    await bucket.save({ ...record, policy: { ...policy, bindings }, policyChanges: record.policyChanges + 1 });
  });
  return policyAnswer(bucket.record);
}

/** `buckets.testIamPermissions`: here every caller has every permission that exists. */
export function testPermissions(catalog: Catalog, call: StorageCall, names: PathNames): StorageAnswer {
  catalog.bucket(names.bucket);
  const permissions = call.query.getAll('permissions');
  if (permissions.length === 0) throw required('permissions');
  const unknown = permissions.filter((permission) => !PERMISSION.test(permission));
  if (unknown.length > 0) throw invalid(`Invalid permissions: ${unknown.join(', ')}`, 'permissions');
  return { status: 200, json: { kind: 'storage#testIamPermissionsResponse', permissions } };
}

function policyAnswer(record: BucketRecord): StorageAnswer {
  const { version, bindings } = record.policy;
  const resourceId = `projects/_/buckets/${record.name}`;
  return { status: 200, json: { kind: 'storage#policy', resourceId, version, etag: policyEtag(record), bindings } };
}

function policyEtag({ policyChanges }: BucketRecord): string {
  return Buffer.from([0x08, ...varint(policyChanges)]).toString('base64');
}

function checkPublicMembers({ settings }: BucketRecord, { bindings }: Policy): void {
  if (settings.iamConfiguration?.publicAccessPrevention !== 'enforced') return;
  if (!bindings.some(({ members }) => members.some((member) => PUBLIC_MEMBERS.includes(member)))) return;
  const message =
    'The member bindings allUsers and allAuthenticatedUsers are not allowed since public access prevention is enforced.';
  throw new StorageError(412, 'conditionNotMet', message);
}

function checkConditionalRoles({ version, bindings }: Policy): void {
  if (version === 3 || bindings.every(({ condition }) => condition === undefined || condition === null)) return;
  throw invalid('A policy with conditional role bindings must have version 3.');
}

function changedPolicy(): StorageError {
  const message = 'The policy was changed by another request. Read it again, and repeat the change.';
  return new StorageError(412, 'conditionNotMet', message);
}
