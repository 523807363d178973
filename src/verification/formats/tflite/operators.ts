import type { Table, Tables } from '../../readers/flatbuffer';
import type { ByteRange, SparseBytes } from '../../readers/sparse-bytes';
import { attempt, nextOf } from '../../readers/sparse-bytes';
import type { Inspecting } from '../../readers/work';
import { outsideData } from './buffers';
import { CUSTOM, OPERATOR, OPERATOR_CODE, SUBGRAPH } from './schema';
import { checkIndexes } from './tensors';

/** The name of the custom operator for a program of the Edge TPU. */
export const EDGE_TPU_CODE = 'edgetpu-custom-op';

/** An identifier within the first bytes of such a program. */
const PROGRAM = { identifier: 'DWN1', within: 64 };

export interface OperatorCodes {
  readonly count: number;
  /** Indexes of the codes for programs of the Edge TPU. */
  readonly edgeTpu: ReadonlySet<number>;
}

/** Fields of an operator whose values are outside of its table. */
const ELSEWHERE = [
  ...[OPERATOR.inputs, OPERATOR.outputs, OPERATOR.intermediates, OPERATOR.mutatingVariableInputs],
  ...[OPERATOR.builtinOptions, OPERATOR.builtinOptions2, OPERATOR.customOptions],
];

/** The number of operators that are Edge TPU programs, and of those that do not begin like one. */
export interface EdgeTpuPrograms {
  readonly used: number;
  readonly odd: number;
}

export function* readOperatorCodes(bytes: SparseBytes, codes: Tables): Inspecting<OperatorCodes> {
  const edgeTpu = new Set<number>();
  const entries = codes.entries({ follow: [OPERATOR_CODE.customCode] });
  for (let next = yield* nextOf(bytes, entries); next; next = yield* nextOf(bytes, entries)) {
    const [index, code] = next;
    if (yield* attempt(bytes, () => isEdgeTpu(bytes, index, code))) edgeTpu.add(index);
  }
  return { count: codes.length, edgeTpu };
}

function isEdgeTpu(bytes: SparseBytes, index: number, code: Table): boolean {
  const custom = code.text(OPERATOR_CODE.customCode);
  // Codes above 127 do not fit the older field; older models lack the newer one.
  const number = Math.max(code.i8(OPERATOR_CODE.deprecatedBuiltinCode), code.i32(OPERATOR_CODE.builtinCode));
  if (number === CUSTOM && custom === undefined) {
    throw bytes.malformed(`its operator code ${index} is a custom one without a name`);
  }
  return number === CUSTOM && custom === EDGE_TPU_CODE;
}

/** Checks the references of operators, and that their options are in the file. */
export function* checkOperators(
  bytes: SparseBytes,
  subgraphs: Tables,
  codes: OperatorCodes,
): Inspecting<EdgeTpuPrograms> {
  const programs = { used: 0, odd: 0 };
  const entries = subgraphs.entries();
  for (let next = yield* nextOf(bytes, entries); next; next = yield* nextOf(bytes, entries)) {
    const [subgraphIndex, subgraph] = next;
    const tensors = (yield* attempt(bytes, () => subgraph.tables(SUBGRAPH.tensors))).length;
    const operators = (yield* attempt(bytes, () => subgraph.tables(SUBGRAPH.operators))).entries({ follow: ELSEWHERE });
    for (let found = yield* nextOf(bytes, operators); found; found = yield* nextOf(bytes, operators)) {
      const [index, operator] = found;
      const name = `operator ${index} of subgraph ${subgraphIndex}`;
      const program = yield* attempt(bytes, () => checkOperator(bytes, operator, name, { tensors, codes }));
      if (program === undefined) continue;
      programs.used += 1;
      if (!program.isKnown) programs.odd += 1;
    }
  }
  return programs;
}

/** Checks an operator. Returns a value if it is a program for the Edge TPU. */
function checkOperator(
  bytes: SparseBytes,
  operator: Table,
  name: string,
  { tensors, codes }: { tensors: number; codes: OperatorCodes },
): { isKnown: boolean } | undefined {
  const code = operator.u32(OPERATOR.opcodeIndex);
  if (code >= codes.count) {
    throw bytes.malformed(`its ${name} refers to the operator code ${code}, but there are ${codes.count}`);
  }
  checkIndexes(bytes, operator, [OPERATOR.inputs, OPERATOR.outputs, OPERATOR.intermediates], tensors, name);
  const options = readOptions(operator);
  return codes.edgeTpu.has(code) ? { isKnown: beginsAsProgram(bytes, options) } : undefined;
}

/** Checks that options of all kinds are in the file. Returns the position of a custom operator's options. */
function readOptions(operator: Table): ByteRange | undefined {
  operator.table(OPERATOR.builtinOptions);
  operator.table(OPERATOR.builtinOptions2);
  operator.data(OPERATOR.mutatingVariableInputs);
  const large = { offset: OPERATOR.largeCustomOptionsOffset, size: OPERATOR.largeCustomOptionsSize };
  return operator.data(OPERATOR.customOptions) ?? outsideData(operator, large);
}

function beginsAsProgram(bytes: SparseBytes, options: ByteRange | undefined): boolean {
  if (options === undefined) return false;
  return bytes.slice(options.start, Math.min(options.length, PROGRAM.within)).includes(PROGRAM.identifier);
}
