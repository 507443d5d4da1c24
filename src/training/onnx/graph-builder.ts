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
 * Returns the element type of a dtype inside a graph. Unsigned words are kept as int64, because engines have few
 * kernels for uint32.
 */
export function elementTypeOf(dtype: DType): ElementType {
  return dtype === "uint32" ? "int64" : dtype;
}

/** Collects the operators of a graph. Values are identified by name. */
export interface GraphBuilder {
  /** Adds an operator with one result, and returns its name. An empty name means an omitted operand. */
  readonly node: (op: string, ins: readonly string[], attributes?: OnnxNode["attributes"]) => string;
  /** Adds an operator with several results, and returns their names. */
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
  /** Returns the name of a scalar constant; equal constants share one name. */
  readonly scalar: (type: ElementType, value: number) => string;
  /** Returns the name of an int64 vector, the form in which sizes and axes are passed. */
  readonly ints: (values: readonly number[]) => string;
  /** Returns an unused name. */
  readonly fresh: (hint?: string) => string;
  /** Stores a tensor in the model. */
  readonly hold: (value: Initializer) => void;
  /** Returns the graph of the added operators, with the given inputs and outputs. */
  readonly graph: (name: string, inputs: readonly ValueInfo[], outputs: readonly ValueInfo[]) => OnnxGraph;
  /**
   * Creates a builder of a graph nested in this one. It can use the names of this one, and its constants are stored
   * here.
   */
  readonly inner: () => GraphBuilder;
}

/** Creates a builder of a model; `taken` are reserved names. */
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

/** Converts numbers to the elements of a tensor. */
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

/** Returns a record with one attribute, or an empty record if every element of `value` is the default `usual`. */
export function unless(
  name: string,
  value: readonly number[],
  usual: number,
): Readonly<Record<string, Attribute>> {
  return value.every((one) => one === usual) ? {} : { [name]: value };
}
