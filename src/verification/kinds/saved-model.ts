import type { InspectedFile } from '../../contract';
import type { Inspector, Look } from '../inspection';
import { listed } from './listed';
import type { MetaGraph } from './meta-graph';
import { readMetaGraph } from './meta-graph';
import { fieldsOf, WireType } from '../reading/proto-fields';
import type { SparseBytes } from '../reading/sparse-bytes';
import { readVariablesIndex } from './variables-index';

type Summary = Extract<InspectedFile, { kind: 'saved-model' }>['summary'];

const SCHEMA_VERSION = 1;
/** The tag of a graph that is meant for serving. */
const SERVE = 'serve';
/** Real models have a version and up to three meta graphs. */
const MAX_FIELDS = 1_000;
const INDEX = 'variables/variables.index';
/** Of a large number of files that are missing or of a wrong size, so many are told one by one. */
const MAX_FINDINGS = 20;

/**
 * `saved_model.pb` of an export: it is whole and can be served, its variables and assets are there. Graphs are hopped
 * over, and variables are known from their index.
 *
 * Source: https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/protobuf/saved_model.proto
 */
export const inspectSavedModel: Inspector = (bytes, look) => {
  inspect(bytes, look, (text) => {
    look.finding(text);
  });
};

/** The same for a custom-trained Model: its container may not need what TensorFlow Serving does, so that is a note. */
export const inspectCustomSavedModel: Inspector = (bytes, look) => {
  inspect(bytes, look, (text) => {
    look.note(text);
  });
};

function inspect(bytes: SparseBytes, look: Look, unservable: (text: string) => void): void {
  const graphs = readGraphs(bytes);
  const serving = graphs.filter(({ tags }) => tags.includes(SERVE));
  const tags = unique(graphs.flatMap((graph) => graph.tags));
  if (serving.length === 0) unservable(`has no graph with the tag ${SERVE}; its tags are: ${listed(tags) || 'none'}`);
  else if (!serving.some(({ hasOutputs }) => hasOutputs)) unservable('has no signature with outputs');
  const assets = unique(graphs.flatMap((graph) => graph.assets));
  checkAssets(assets, look);
  const tensorflowVersion = graphs.map((graph) => graph.tensorflowVersion).find((version) => version !== undefined);
  let variables: Summary['variables'];
  try {
    variables = checkVariables(
      graphs.some(({ restoresVariables }) => restoresVariables),
      look,
    );
  } finally {
    // What was learned counts where the index is damaged or too large, too.
    look.learned({
      kind: 'saved-model',
      summary: {
        schemaVersion: SCHEMA_VERSION,
        metaGraphs: graphs.length,
        tags,
        ...(tensorflowVersion !== undefined && { tensorflowVersion }),
        signatures: graphs.flatMap(({ signatures }) => signatures),
        ...(variables && { variables }),
        assets: assets.length,
      },
    });
  }
}

function readGraphs(bytes: SparseBytes): MetaGraph[] {
  checkVersion(bytes);
  const graphs: MetaGraph[] = [];
  let fields = 0;
  for (const field of fieldsOf(bytes)) {
    fields += 1;
    if (fields > MAX_FIELDS) throw bytes.malformed(`is no SavedModel: it has more than ${MAX_FIELDS} fields`);
    if (field.number !== 2 || field.wireType !== WireType.bytes) continue;
    const graph = readMetaGraph(bytes, field);
    if (!graph.hasGraph) throw bytes.malformed(`its meta graph at byte ${field.start} has no graph`);
    graphs.push(graph);
  }
  if (graphs.length === 0) throw bytes.malformed('is cut off: it has no meta graph');
  return graphs;
}

/** Other protocol buffers parse as a SavedModel, too: a `GraphDef`, for one, has messages in the version's field. */
function checkVersion(bytes: SparseBytes): void {
  for (const { number, wireType, value } of fieldsOf(bytes)) {
    if (number !== 1) continue;
    if (wireType === WireType.varint && value === SCHEMA_VERSION) return;
    const found =
      wireType === WireType.varint ? `the schema version ${value}` : 'a message where its schema version should be';
    throw bytes.malformed(`is no SavedModel: it has ${found}`);
  }
  throw bytes.malformed('is no SavedModel: it has no schema version');
}

function checkAssets(names: readonly string[], look: Look): void {
  const missing = names.filter((name) => look.open(look.beside(`assets/${name}`)) === undefined);
  tell(
    look,
    missing.map((name) => `its asset assets/${name} is missing`),
  );
}

/** Compares the index of the variables with the shards that are there. */
function checkVariables(wanted: boolean, look: Look): Summary['variables'] {
  const index = look.open(look.beside(INDEX));
  if (index === undefined) {
    if (wanted) look.finding(`its variables are missing: there is no ${INDEX}`);
    return undefined;
  }
  const { shards, tensors, shardBytes } = readVariablesIndex(index);
  const problems: string[] = [];
  for (let shard = 0; shard < shards; shard += 1) {
    const name = `variables/variables.data-${padded(shard)}-of-${padded(shards)}`;
    const expected = shardBytes.get(shard) ?? 0;
    const actual = look.open(look.beside(name))?.size;
    // Without a byte in it nothing is lost.
    if (actual === undefined && expected > 0) problems.push(`the shard ${name} is missing`);
    if (actual !== undefined && actual !== expected)
      problems.push(`${name} has ${actual} bytes, and its tensors ${expected}`);
  }
  tell(look, problems);
  return { tensors, shards, bytes: [...shardBytes.values()].reduce((sum, size) => sum + size, 0) };
}

function tell(look: Look, problems: readonly string[]): void {
  for (const problem of problems.slice(0, MAX_FINDINGS)) look.finding(problem);
  const more = problems.length - MAX_FINDINGS;
  if (more > 0) look.finding(`${more} more of its files are missing or of another size`);
}

function padded(shard: number): string {
  return String(shard).padStart(5, '0');
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
