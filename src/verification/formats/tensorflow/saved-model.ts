import { defined } from '../../../internal/defined';
import type { InspectedFile } from '../../inspected';
import type { Inspector, InspectionContext } from '../../inspection';
import { listed, shownName } from '../../messages';
import type { MetaGraph } from './meta-graph';
import { readMetaGraph } from './meta-graph';
import { fieldsOf, WireType } from '../../readers/proto-fields';
import type { SparseBytes } from '../../readers/sparse-bytes';
import { nextOf } from '../../readers/sparse-bytes';
import type { Inspecting } from '../../readers/work';
import { readVariablesIndex } from './variables-index';

type Summary = Extract<InspectedFile, { kind: 'saved-model' }>['summary'];

const SCHEMA_VERSION = 1;
/** The tag of a graph that is meant for serving. */
const SERVE = 'serve';
/** Real models have a version and up to three meta graphs. */
const MAX_FIELDS = 1_000;
const INDEX = 'variables/variables.index';
/** Files that are missing or have a wrong size and get a finding each; the others are counted. */
const MAX_FINDINGS = 20;

/**
 * Inspects `saved_model.pb` of an export: it is complete and can be served, and its variables and assets exist. Graphs
 * are skipped; the index lists the variables.
 *
 * Source: https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/protobuf/saved_model.proto
 */
export const inspectSavedModel: Inspector = (bytes, context) =>
  inspect(bytes, context, (text) => {
    context.finding(text);
  });

/** The same for a custom-trained Model: its container may not need what TensorFlow Serving needs, so that is a note. */
export const inspectCustomSavedModel: Inspector = (bytes, context) =>
  inspect(bytes, context, (text) => {
    context.note(text);
  });

function* inspect(bytes: SparseBytes, context: InspectionContext, unservable: (text: string) => void): Inspecting {
  const graphs = yield* readGraphs(bytes);
  const serving = graphs.filter(({ tags }) => tags.includes(SERVE));
  const tags = unique(graphs.flatMap((graph) => graph.tags));
  if (serving.length === 0) unservable(`has no graph with the tag ${SERVE}; its tags are: ${listed(tags) || 'none'}`);
  else if (!serving.some(({ hasOutputs }) => hasOutputs)) unservable('has no signature with outputs');
  const assets = new Set<string>();
  for (const graph of graphs) yield* checkAssets(bytes, graph.assets, assets, context);
  const tensorflowVersion = graphs.map((graph) => graph.tensorflowVersion).find((version) => version !== undefined);
  let variables: Summary['variables'];
  try {
    const isWanted = graphs.some(({ restoresVariables }) => restoresVariables);
    variables = yield* checkVariables(bytes, isWanted, context);
  } finally {
    // The facts are reported even if the index is damaged or too large.
    context.summarize({
      kind: 'saved-model',
      summary: {
        schemaVersion: SCHEMA_VERSION,
        metaGraphs: graphs.length,
        tags,
        ...defined({ tensorflowVersion }),
        signatures: graphs.flatMap(({ signatures }) => signatures),
        ...defined({ variables }),
        assets: assets.size,
      },
    });
  }
}

function* readGraphs(bytes: SparseBytes): Inspecting<MetaGraph[]> {
  yield* checkVersion(bytes);
  const graphs: MetaGraph[] = [];
  let count = 0;
  const fields = fieldsOf(bytes);
  for (let field = yield* nextOf(bytes, fields); field; field = yield* nextOf(bytes, fields)) {
    count += 1;
    if (count > MAX_FIELDS) throw bytes.malformed(`is not a SavedModel: it has more than ${MAX_FIELDS} fields`);
    if (field.number !== 2 || field.wireType !== WireType.bytes) continue;
    const graph = yield* readMetaGraph(bytes, field);
    if (!graph.hasGraph) throw bytes.malformed(`its meta graph at byte ${field.start} has no graph`);
    graphs.push(graph);
  }
  if (graphs.length === 0) throw bytes.malformed('is cut off: it has no meta graph');
  return graphs;
}

/** Distinguishes a SavedModel from other protocol buffers: a `GraphDef` has messages in the version's field. */
function* checkVersion(bytes: SparseBytes): Inspecting {
  const fields = fieldsOf(bytes);
  for (let field = yield* nextOf(bytes, fields); field; field = yield* nextOf(bytes, fields)) {
    if (field.number !== 1) continue;
    const isNumber = field.wireType === WireType.varint;
    if (isNumber && field.value === SCHEMA_VERSION) return;
    const found = isNumber ? `the schema version ${field.value}` : 'a message where its schema version should be';
    throw bytes.malformed(`is not a SavedModel: it has ${found}`);
  }
  throw bytes.malformed('is not a SavedModel: it has no schema version');
}

/** Checks the assets of a graph that no earlier graph has. */
function* checkAssets(
  bytes: SparseBytes,
  names: Iterable<string>,
  checked: Set<string>,
  context: InspectionContext,
): Inspecting {
  const missing = new Problems(context);
  for (const name of names) {
    if (!checked.has(name) && context.sizeOf(context.beside(`assets/${name}`)) === undefined) {
      missing.add(`its asset assets/${shownName(name)} is missing`);
    }
    checked.add(name);
    if (bytes.meter.isDue) yield undefined;
  }
  missing.report();
}

/** Compares the index of the variables with the existing shards. */
function* checkVariables(
  bytes: SparseBytes,
  isWanted: boolean,
  context: InspectionContext,
): Inspecting<Summary['variables']> {
  const index = context.open(context.beside(INDEX));
  if (index === undefined) {
    if (isWanted) context.finding(`its variables are missing: there is no ${INDEX}`);
    return undefined;
  }
  const { shards, tensors, shardBytes } = yield* readVariablesIndex(index);
  const problems = new Problems(context);
  let total = 0;
  for (let shard = 0; shard < shards; shard += 1) {
    const name = `variables/variables.data-${padded(shard)}-of-${padded(shards)}`;
    const expected = shardBytes.get(shard) ?? 0;
    const actual = context.sizeOf(context.beside(name));
    total += expected;
    // A shard without bytes may be missing.
    if (actual === undefined && expected > 0) problems.add(`the shard ${name} is missing`);
    if (actual !== undefined && actual !== expected) {
      problems.add(`${name} has ${actual} bytes, but its tensors need ${expected}`);
    }
    if (bytes.meter.isDue) yield undefined;
  }
  problems.report();
  return { tensors, shards, bytes: total };
}

/** Files that are missing or have a wrong size: the first ones get a finding each. */
class Problems {
  private count = 0;

  constructor(private readonly context: InspectionContext) {}

  add(problem: string): void {
    this.count += 1;
    if (this.count <= MAX_FINDINGS) this.context.finding(problem);
  }

  /** Reports the number of the others. */
  report(): void {
    const more = this.count - MAX_FINDINGS;
    if (more > 0) this.context.finding(`${more} more of its files are missing or have another size`);
  }
}

function padded(shard: number): string {
  return String(shard).padStart(5, '0');
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
