import { DownhillError } from "../../engine/errors/index.ts";

/** Element types of ONNX, with their numbers in `TensorProto.DataType`. */
export const elementTypes = {
  float32: 1,
  int32: 6,
  int64: 7,
  bool: 9,
  float64: 11,
  uint32: 12,
} as const;
export type ElementType = keyof typeof elementTypes;

/** Name and type of an input or output of a graph. */
export interface ValueInfo {
  readonly name: string;
  readonly type: ElementType;
  /** Sizes of the axes: a number is fixed, equal names mean equal sizes, and an empty string any size. */
  readonly shape: readonly (number | string)[];
}

export type InitializerData =
  Float32Array | Float64Array | Int32Array | Uint32Array | BigInt64Array | Uint8Array;

/** A tensor stored in the graph: elements in row-major order, little-endian. */
export interface Initializer extends ValueInfo {
  readonly shape: readonly number[];
  readonly data: InitializerData;
}

export type Attribute = number | readonly number[] | string | OnnxGraph;

/** An operator. */
export interface OnnxNode {
  readonly op: string;
  readonly ins: readonly string[];
  readonly outs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** A graph in the form of `GraphProto`. Graphs of `If`, `Loop` and `Scan` can use names of the enclosing graphs. */
export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly Initializer[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
}

/** Version of the operator set, and the version of the format that introduced it. */
const [opset, irVersion] = [18, 8];

/** Largest size of a protocol buffer, in bytes. */
const longest = 2 ** 31 - 1;

/**
 * Encodes a graph as a model (`ModelProto`).
 *
 * @throws DownhillError `range` if the model would have 2 GiB or more, which its format does not allow.
 * @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
export function encodeModel(
  graph: OnnxGraph,
  version: string,
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const model = [
    int(1, irVersion),
    text(2, "downhill"),
    text(3, version),
    graphOf(7, graph),
    message(8, [text(1, ""), int(2, opset)]),
    ...Object.entries(metadata).map(([key, value]) => message(14, [text(1, key), text(2, value)])),
  ];
  const size = sizeOf(model);
  if (size > longest) {
    throw new DownhillError(
      "range",
      `toOnnx: the model would have ${Math.ceil(size / 2 ** 20)} MiB, but its format is limited to less than 2048. ` +
        `Pass large tensors as arguments of the function, which become inputs of the model.`,
    );
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of model.flat()) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A field of a message, as consecutive parts, so that large ones are not copied. */
type ProtobufField = readonly ArrayLike<number>[];

const utf8 = new TextEncoder();
const [varintField, bytesField] = [0, 2]; // wire types

function sizeOf(fields: readonly ProtobufField[]): number {
  return fields.flat().reduce((sum, { length }) => sum + length, 0);
}

/**
 * Encodes an integer as a varint: seven bits per byte, lowest first; negative numbers as 64 bits in two's complement.
 */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
}

function int(field: number, value: number): ProtobufField {
  return [varint((field << 3) | varintField), varint(value)];
}

function text(field: number, value: string): ProtobufField {
  return message(field, [[utf8.encode(value)]]);
}

/** Encodes a length-delimited field: a string, bytes, or a message with its own fields. */
function message(field: number, fields: readonly ProtobufField[]): ProtobufField {
  return [varint((field << 3) | bytesField), varint(sizeOf(fields)), ...fields.flat()];
}

function graphOf(field: number, { name, nodes, initializers, inputs, outputs }: OnnxGraph): ProtobufField {
  return message(field, [
    ...nodes.map((node, i) => nodeOf(node, i)),
    text(2, name),
    ...initializers.map((value) => tensorOf(value)),
    ...inputs.map((value) => infoOf(11, value)),
    ...outputs.map((value) => infoOf(12, value)),
  ]);
}

function nodeOf({ op, ins, outs, attributes }: OnnxNode, index: number): ProtobufField {
  return message(1, [
    ...ins.map((name) => text(1, name)),
    ...outs.map((name) => text(2, name)),
    text(3, `${op}_${index}`),
    text(4, op),
    ...Object.entries(attributes).map(([name, value]) => attributeOf(name, value)),
  ]);
}

function attributeOf(name: string, value: Attribute): ProtobufField {
  const [kind, fields] =
    typeof value === "number"
      ? [2, [int(3, value)]]
      : typeof value === "string"
        ? [3, [text(4, value)]]
        : "nodes" in value
          ? [5, [graphOf(6, value)]]
          : [7, value.map((one) => int(8, one))];
  return message(5, [text(1, name), ...fields, int(20, kind)]);
}

function tensorOf({ name, type, shape, data }: Initializer): ProtobufField {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return message(5, [
    ...shape.map((size) => int(1, size)),
    int(2, elementTypes[type]),
    text(8, name),
    message(9, [[bytes]]),
  ]);
}

function infoOf(field: number, { name, type, shape }: ValueInfo): ProtobufField {
  const sizes = message(
    2,
    shape.map((size) =>
      message(1, typeof size === "number" ? [int(1, size)] : size === "" ? [] : [text(2, size)]),
    ),
  );
  return message(field, [text(1, name), message(2, [message(1, [int(1, elementTypes[type]), sizes])])]);
}
