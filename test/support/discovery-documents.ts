import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { pythonPackages } from './third-party-clients';

const propertySchema = z.object({
  $ref: z.string().optional(),
  type: z.string().optional(),
  format: z.string().optional(),
  enum: z.array(z.string()).optional(),
  readOnly: z.boolean().optional(),
  get items() {
    return propertySchema.optional();
  },
  get additionalProperties() {
    return propertySchema.optional();
  },
});

/** A field of a message. */
export type Property = z.output<typeof propertySchema>;

/** A message. Some methods have one of any fields, without a name. */
const referenceSchema = z.object({ $ref: z.string().default('') });

const methodSchema = z.object({
  id: z.string(),
  httpMethod: z.string(),
  flatPath: z.string(),
  parameters: z.record(
    z.string(),
    z.object({
      location: z.string(),
      type: z.string().default(''),
      format: z.string().optional(),
      repeated: z.boolean().optional(),
      pattern: z.string().optional(),
    }),
  ),
  request: referenceSchema.optional(),
  response: referenceSchema,
});

/** A method of a service. */
export type Method = z.output<typeof methodSchema>;

const resourceSchema = z.object({
  methods: z.record(z.string(), methodSchema).default({}),
  get resources() {
    return z.record(z.string(), resourceSchema).optional();
  },
});

const documentSchema = resourceSchema.extend({
  revision: z.string(),
  parameters: z.record(z.string(), z.unknown()),
  endpoints: z.array(z.object({ location: z.string() })),
  schemas: z.record(z.string(), z.object({ properties: z.record(z.string(), propertySchema).default({}) })),
});

/** Google's description of a version of Vertex AI's API. */
export interface DiscoveryDocument {
  readonly methods: readonly Method[];
  /** Names of the parameters that every method has. */
  readonly systemParameters: readonly string[];
  readonly locations: readonly string[];
  /** Fields of messages, by the message's name without its package. */
  readonly messages: ReadonlyMap<string, Readonly<Record<string, Property>>>;
}

/** Reads a document that Google's API client for Python contains. */
export async function discoveryDocument(version: 'v1' | 'v1beta1'): Promise<DiscoveryDocument> {
  const folder = path.join(await pythonPackages(), 'googleapiclient', 'discovery_cache', 'documents');
  const text = await readFile(path.join(folder, `aiplatform.${version}.json`), 'utf8');
  const { parameters, endpoints, schemas, ...root } = documentSchema.parse(JSON.parse(text));
  return {
    methods: methodsBelow(root),
    systemParameters: Object.keys(parameters),
    locations: [...new Set(endpoints.map(({ location }) => location))],
    messages: new Map(Object.entries(schemas).map(([name, { properties }]) => [messageName(name), properties])),
  };
}

/** The name of a message without its package. */
export function messageName(name: string): string {
  const version = /^GoogleCloudAiplatformV1(?:beta1)?(?=[A-Z])/;
  return name.replace(version, '').replace(/^Google(?:IamV1|Longrunning|CloudLocation|Rpc|Type|Protobuf)(?=[A-Z])/, '');
}

function methodsBelow({ methods, resources = {} }: z.output<typeof resourceSchema>): Method[] {
  return [...Object.values(methods), ...Object.values(resources).flatMap(methodsBelow)];
}
