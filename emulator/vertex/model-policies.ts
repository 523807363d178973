import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { ApiError, badRequest } from '../api-error';
import type { Capabilities } from '../options';
import type { Catalog } from './catalog';
import { shown } from './field-names';
import type { MessageValue } from './message-body';
import type { Projects } from './projects';
import type { Target } from './target';

const policySchema = z.object({
  version: z.number().default(0),
  etag: z.string().default(''),
  bindings: z
    .array(
      z.object({
        role: z.string().default(''),
        members: z.array(z.string()).default([]),
        condition: z.unknown().optional(),
      }),
    )
    .default([]),
});

type Policy = z.output<typeof policySchema>;

/** Versions of a policy's format. Conditions need version 3. */
const POLICY_VERSIONS = [0, 1, 3];

/** The access policies of Models. They have no effect on other methods. */
export class ModelPolicies {
  private readonly policies = new Map<string, Policy>();

  constructor(
    private readonly catalog: Catalog,
    private readonly projects: Projects,
    private readonly capabilities: Capabilities,
  ) {}

  get(target: Target): unknown {
    this.catalog.find(target);
    const requested = target.parameters.integer('options.requestedPolicyVersion');
    checkVersion('options.requested_policy_version', requested);
    return this.policies.get(this.key(target)) ?? { etag: 'ACAB' };
  }

  set(target: Target, body: MessageValue): unknown {
    this.catalog.find(target);
    if (body['policy'] === undefined) throw badRequest('policy', 'policy is required.');
    const { version, etag, bindings } = policySchema.parse(body['policy']);
    checkVersion('policy.version', version);
    const isConditional = bindings.some(({ condition }) => condition !== undefined);
    if (isConditional && version !== 3)
      throw badRequest('policy.version', 'Conditional bindings need policy version 3.');
    if (
      bindings.some(({ role, members }) => !/^(?:roles|projects|organizations)\//.test(role) || members.length === 0)
    ) {
      throw badRequest('policy.bindings', 'Each binding must have a role and at least one member.');
    }
    const known = this.policies.get(this.key(target))?.etag ?? 'ACAB';
    if (etag !== '' && etag !== known) {
      throw new ApiError(
        'ABORTED',
        'There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff.',
      );
    }
    const policy = { version: Math.max(version, 1), etag: randomBytes(9).toString('base64'), bindings };
    this.policies.set(this.key(target), policy);
    return policy;
  }

  /** The given permissions except those that a capability denies; none if the Model does not exist. */
  test(target: Target): unknown {
    const given = target.parameters.texts('permissions');
    const wildcard = given.find((permission) => permission.includes('*'));
    if (wildcard !== undefined) throw badRequest('permissions', `Invalid permission: \`${shown(wildcard)}\`.`);
    const { deniedPermissions = [] } = this.capabilities;
    const permissions = given.filter((permission) => !deniedPermissions.includes(permission));
    const exists = this.catalog.versions(target).length > 0;
    return exists && permissions.length > 0 ? { permissions } : {};
  }

  private key({ project, location, model }: Target): string {
    return `${this.projects.number(project)}/${location}/${model}`;
  }
}

function checkVersion(field: string, version: number): void {
  if (!POLICY_VERSIONS.includes(version)) throw badRequest(field, `Invalid policy version: ${version}.`);
}
