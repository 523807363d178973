import { field, message } from './protobuf';

/** Builds ONNX models. Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */

interface TensorSpec {
  readonly name: string;
  readonly dims: readonly number[];
  /** A value of `TensorProto.DataType`. Default: float32. */
  readonly type?: number;
  readonly raw?: Buffer;
  /** Fields of elements by their numbers. */
  readonly data?: Buffer;
  readonly external?: Readonly<Record<string, string>>;
}

export function tensor({ name, dims, type = 1, raw, data, external }: TensorSpec): Buffer {
  return Buffer.concat([
    ...dims.map((side) => field(1, side)),
    field(2, type),
    ...(data ? [data] : []),
    field(8, name),
    ...(raw ? [field(9, raw)] : []),
    ...Object.entries(external ?? {}).map(([key, value]) => message(13, field(1, key), field(2, value))),
    ...(external ? [field(14, 1)] : []),
  ]);
}

/** An input or output. A dimension that is a text is the name of a dynamic dimension. */
export function value(name: string, shape?: readonly (number | string)[], type = 1): Buffer {
  const sides = (shape ?? []).map((side) => message(1, field(typeof side === 'number' ? 1 : 2, side)));
  const tensorType = message(1, field(1, type), ...(shape ? [message(2, ...sides)] : []));
  return Buffer.concat([field(1, name), message(2, tensorType)]);
}

interface ModelSpec {
  readonly initializers?: readonly Buffer[];
  readonly inputs?: readonly Buffer[];
  readonly outputs?: readonly Buffer[];
  readonly nodes?: number;
  readonly irVersion?: number;
  readonly opsets?: readonly Buffer[];
}

export const opset = (version: number, domain = ''): Buffer =>
  Buffer.concat([...(domain ? [field(1, domain)] : []), field(2, version)]);

export function onnxModel({
  initializers = [],
  inputs = [value('x', ['batch', 4])],
  outputs = [value('y', [1, 3])],
  nodes = 2,
  irVersion = 8,
  opsets = [opset(17)],
}: ModelSpec = {}): Buffer {
  return Buffer.concat([
    field(1, irVersion),
    field(2, 'pytorch'),
    field(3, '2.4'),
    message(
      7,
      ...Array.from({ length: nodes }, () => message(1, field(1, 'x'), field(2, 'y'), field(4, 'Relu'))),
      field(2, 'graph'),
      ...initializers.map((initializer) => field(5, initializer)),
      ...inputs.map((input) => field(11, input)),
      ...outputs.map((output) => field(12, output)),
    ),
    ...opsets.map((entry) => field(8, entry)),
  ]);
}
