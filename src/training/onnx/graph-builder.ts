import type { DType } from "../../engine/ir/types.ts";
import type {
  Attribute,
  ElementType,
  OnnxGraph,
  Initializer,
  OnnxNode,
  InitializerData,
  ValueInfo,
} from "./model.ts";

/**
 * The kind of elements that values of a dtype have inside a graph. Words without sign are kept in int64: engines have few
 * kernels for uint32.
 */
export function elementTypeOf(dtype: DType): ElementType {
  return dtype === "uint32" ? "int64" : dtype;
}

/** Collects the operators of a graph; values are known by their names. */
export interface GraphBuilder {
  /** Adds an operator with one result, and names that. An empty name stands for an operand that is left out. */
  readonly node: (op: string, ins: readonly string[], attributes?: OnnxNode["attributes"]) => string;
  /** Adds an operator with several results. */
  readonly nodes: (
    op: string,
    ins: readonly string[],
    count: number,
    attributes?: OnnxNode["attributes"],
  ) => readonly string[];
  /** Adds an operator whose result has this name. */
  readonly result: (
    op: string,
    ins: readonly string[],
    name: string,
    attributes?: OnnxNode["attributes"],
  ) => void;
  /** A scalar of a kind of elements, the same name for the same value. */
  readonly scalar: (type: ElementType, value: number) => string;
  /** A vector of int64, as sizes and axes are given. */
  readonly ints: (values: readonly number[]) => string;
  /** A name that nothing has yet. */
  readonly fresh: (hint?: string) => string;
  /** Holds a tensor in the model. */
  readonly hold: (value: Initializer) => void;
  /** The graph of what was added, for inputs and outputs that are named in it. */
  readonly graph: (name: string, inputs: readonly ValueInfo[], outputs: readonly ValueInfo[]) => OnnxGraph;
  /** A builder of a graph inside this one: it reads the names of this one, and its constants are held here. */
  readonly inner: () => GraphBuilder;
}

/** A builder of a model; `taken` are names that it must not give. */
export function makeGraphBuilder(taken: Iterable<string>): GraphBuilder {
  const names = new Set(taken);
  const initializers: Initializer[] = [];
  const constants = new Map<string, string>();
  let count = 0;

  const fresh = (hint = "t"): string => {
    let name = `${hint}${count++}`;
    while (names.has(name)) name = `${hint}${count++}`;
    names.add(name);
    return name;
  };
  const constant = (type: ElementType, shape: readonly number[], values: readonly number[]): string => {
    const key = `${type} ${shape.join()} ${values.map((value) => (Object.is(value, -0) ? "-0" : value)).join()}`;
    let name = constants.get(key);
    if (name === undefined) {
      constants.set(key, (name = fresh("c")));
      initializers.push({ name, type, shape, data: elements(type, values) });
    }
    return name;
  };

  const builder = (isInner: boolean): GraphBuilder => {
    const list: OnnxNode[] = [];
    const nodes: GraphBuilder["nodes"] = (op, ins, n, attributes = {}) => {
      const outs = Array.from({ length: n }, () => fresh());
      list.push({ op, ins, outs, attributes });
      return outs;
    };
    return {
      nodes,
      node: (op, ins, attributes) => nodes(op, ins, 1, attributes)[0]!,
      result: (op, ins, name, attributes = {}) => void list.push({ op, ins, outs: [name], attributes }),
      scalar: (type, value) => constant(type, [], [value]),
      ints: (values) => constant("int64", [values.length], values),
      fresh,
      hold: (value) => void initializers.push(value),
      graph: (name, inputs, outputs) => ({
        name,
        nodes: list,
        initializers: isInner ? [] : initializers,
        inputs,
        outputs,
      }),
      inner: () => builder(true),
    };
  };
  return builder(false);
}

/** Numbers as the elements of a tensor. */
function elements(type: ElementType, values: readonly number[]): InitializerData {
  switch (type) {
    case "float32":
      return Float32Array.from(values);
    case "float64":
      return Float64Array.from(values);
    case "int32":
      return Int32Array.from(values);
    case "uint32":
      return Uint32Array.from(values);
    case "int64":
      return BigInt64Array.from(values, BigInt);
    case "bool":
      return Uint8Array.from(values);
  }
}

/** An attribute that stands where it is not the default. */
export function unless(
  name: string,
  value: readonly number[],
  usual: number,
): Readonly<Record<string, Attribute>> {
  return value.every((one) => one === usual) ? {} : { [name]: value };
}
