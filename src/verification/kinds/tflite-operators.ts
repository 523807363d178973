import type { Table, Tables } from '../reading/flatbuffer';
import type { ByteRange, SparseBytes } from '../reading/sparse-bytes';
import { outsideData } from './tflite-buffers';
import { CUSTOM, OPERATOR, OPERATOR_CODE, SUBGRAPH } from './tflite-schema';
import { checkIndexes } from './tflite-tensors';

/** The custom operator that a program for the Edge TPU is. */
export const EDGE_TPU_CODE = 'edgetpu-custom-op';

/** Stands within the first bytes of such a program. */
const PROGRAM = { identifier: 'DWN1', within: 64 };

export interface OperatorCodes {
  readonly count: number;
  /** Indexes of those which stand for programs for the Edge TPU. */
  readonly edgeTpu: ReadonlySet<number>;
}

/** What of an operator stands outside of its table. */
const ELSEWHERE = [
  ...[OPERATOR.inputs, OPERATOR.outputs, OPERATOR.intermediates, OPERATOR.mutatingVariableInputs],
  ...[OPERATOR.builtinOptions, OPERATOR.builtinOptions2, OPERATOR.customOptions],
];

/** Operators that are programs for the Edge TPU, and how many of them do not begin as one. */
export interface EdgeTpuPrograms {
  readonly used: number;
  readonly odd: number;
}

export function readOperatorCodes(bytes: SparseBytes, codes: Tables): OperatorCodes {
  const edgeTpu = new Set<number>();
  for (const [index, code] of codes.entries({ follow: [OPERATOR_CODE.customCode] })) {
    const custom = code.text(OPERATOR_CODE.customCode);
    // Codes above 127 do not fit the older field; older models lack the newer one.
    const number = Math.max(code.i8(OPERATOR_CODE.deprecatedBuiltinCode), code.i32(OPERATOR_CODE.builtinCode));
    if (number === CUSTOM && custom === undefined) {
      throw bytes.malformed(`its operator code ${index} is a custom one without a name`);
    }
    if (number === CUSTOM && custom === EDGE_TPU_CODE) edgeTpu.add(index);
  }
  return { count: codes.length, edgeTpu };
}

/** Checks what operators refer to, and that their options are in the file. */
export function checkOperators(bytes: SparseBytes, subgraphs: Tables, codes: OperatorCodes): EdgeTpuPrograms {
  const programs = { used: 0, odd: 0 };
  for (const [subgraphIndex, subgraph] of subgraphs.entries()) {
    const tensors = subgraph.tables(SUBGRAPH.tensors).length;
    for (const [index, operator] of subgraph.tables(SUBGRAPH.operators).entries({ follow: ELSEWHERE })) {
      const code = operator.u32(OPERATOR.opcodeIndex);
      const name = `operator ${index} of subgraph ${subgraphIndex}`;
      if (code >= codes.count) {
        throw bytes.malformed(`its ${name} refers to the operator code ${code}, and there are ${codes.count}`);
      }
      checkIndexes(bytes, operator, [OPERATOR.inputs, OPERATOR.outputs, OPERATOR.intermediates], tensors, name);
      const options = readOptions(operator);
      if (codes.edgeTpu.has(code)) {
        programs.used += 1;
        if (!beginsAsProgram(bytes, options)) programs.odd += 1;
      }
    }
  }
  return programs;
}

/** Options of all kinds must be in the file; where those of a custom operator stand. */
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
