import { DownhillError } from "../../engine/errors/index.ts";
import { didYouMean } from "../../engine/util/suggest.ts";
import type { GraphBuilder } from "./graph-builder.ts";
import type { Attribute, ElementType, OnnxGraph, Initializer, OnnxNode, ValueInfo } from "./model.ts";
import { elementTypes } from "./model.ts";

/** Batch sizes at which a function is traced: primes, which rarely occur as other sizes. */
const probes = [1009, 1013, 1019] as const;

/** Name of the batch size in the types of inputs and outputs. */
const batch = "batch";

/** A graph, with the builder that created it. */
export interface BuiltGraph {
  readonly g: GraphBuilder;
  readonly graph: OnnxGraph;
}

/** Batch handling of `toOnnx`, created by `anyBatch`. */
export interface AnyBatch {
  readonly names: readonly string[];
  /**
   * Returns the graph for any batch size, from the graph for the size of the arguments and a function that builds it
   * for other sizes. Without this function, as for a traced program, it throws.
   */
  readonly graph: (asGiven: OnnxGraph, builtAt: ((n: number) => BuiltGraph) | undefined) => OnnxGraph;
}

/**
 * Names the inputs of a model whose first axis is the batch, so that the model accepts batches of any size. The
 * function is traced at several sizes n: 1 and some of about a thousand. Values that depend on n must have the form a ·
 * n + b, such as sizes, or a / n, as in means and their derivatives. Operations that occur only at other sizes are not
 * detected.
 *
 * @throws DownhillError `option` for no names. From `toOnnx`: `option` for names that are unknown, of scalars, or of
 * inputs with different first axes, and for a program instead of a function. Also `shape` for a function that depends
 * on n in another way, such as one that loops over items.
 * @example
 * const model = toOnnx((x) => x.mul(2), [[1, 2]], { inputs: ["x"], batch: anyBatch("x") });
 * model.length > 100; // true
 */
export function anyBatch(...names: readonly string[]): AnyBatch {
  const refuse = (why: string): DownhillError => new DownhillError("option", `anyBatch: ${why}`);
  if (names.length === 0 || names.some((name) => typeof name !== "string"))
    throw refuse(`needs names of inputs, as in anyBatch("x").`);
  return {
    names,
    graph({ inputs }, builtAt) {
      const known = inputs.map(({ name }) => name);
      const sizes = names.map((name) => {
        const input = inputs.find((one) => one.name === name);
        if (input === undefined)
          throw refuse(
            `${JSON.stringify(name)} is not an input; the inputs are ${known.join(", ")}.${didYouMean(name, known)}`,
          );
        if (input.shape.length === 0) throw refuse(`${name} is a scalar and has no batch axis.`);
        return input.shape[0]!;
      });
      if (sizes.some((size) => size !== sizes[0]))
        throw refuse(
          `${names.join(", ")} have first axes of ${sizes.join(", ")}, where a batch has one size.`,
        );
      if (builtAt === undefined)
        throw refuse("the sizes of a program are fixed. Pass toOnnx the function that it was traced from.");
      return forAnyBatch(builtAt, names[0]!);
    },
  };
}

/**
 * Builds the graph of a function for any batch size n, from its graphs at the probes. Constants that depend on n are
 * computed in the graph.
 */
function forAnyBatch(builtAt: (n: number) => BuiltGraph, input: string): OnnxGraph {
  const built = probes.map((n) => builtAt(n));
  const merged = merge(built.map(({ graph }) => graph));
  checkSingle(merged, builtAt(1).graph);
  const { g, graph } = built[0]!;
  const front = g.inner();
  const [sizes] = front.nodes("Shape", [input], 1, { start: 0, end: 1 });
  const count = front.node("Squeeze", [sizes!]);
  const computed = new Set<Initializer>();
  // initialisers that are added here follow the existing ones
  for (const [i, value] of [...graph.initializers].entries()) {
    const all = built.map((other) => other.graph.initializers[i]!);
    if (all.every(({ data }) => isSame(data, value.data))) continue;
    writeNumbers(front, value, all, value.shape.length === 0 ? count : sizes!);
    computed.add(value);
  }
  return {
    ...merged,
    nodes: [...front.graph("", [], []).nodes, ...merged.nodes],
    initializers: graph.initializers.filter((value) => !computed.has(value)),
  };
}

/**
 * Merges the graphs of one function at the probes, which may differ only in constants and sizes. In the types of inputs
 * and outputs, a size that equals the probe is named `batch`; another size that differs has no name.
 *
 * @throws DownhillError `shape` if operators, their attributes, or the shapes of constants differ.
 */
function merge(graphs: readonly OnnxGraph[]): OnnxGraph {
  const first = graphs[0]!;
  const sizesOf = ({ nodes, initializers }: OnnxGraph): string =>
    [nodes.length, ...initializers.map(({ shape }) => shape.join("×"))].join();
  const nodes = first.nodes.map((node, i): OnnxNode => {
    const all = graphs.map((graph) => graph.nodes[i]!);
    if (all.some((other) => other === undefined || outlineOf(other) !== outlineOf(node))) {
      throw refusal("its operations depend on the size");
    }
    const attributes = Object.entries(node.attributes).map(([name, value]) => [
      name,
      isGraph(value) ? merge(all.map((other) => other.attributes[name] as OnnxGraph)) : value,
    ]);
    return { ...node, attributes: Object.fromEntries(attributes) as OnnxNode["attributes"] };
  });
  if (graphs.some((graph) => sizesOf(graph) !== sizesOf(first)))
    throw refusal("it has more operations or numbers for larger sizes");
  const typesOf = (which: "inputs" | "outputs"): ValueInfo[] =>
    first[which].map((value, i) => ({
      ...value,
      shape: value.shape.map((size, axis) => {
        const all = graphs.map((graph) => graph[which][i]!.shape[axis]!);
        if (all.every((other) => other === size)) return size;
        return all.every((other, k) => other === probes[k]) ? batch : "";
      }),
    }));
  return { ...first, nodes, inputs: typesOf("inputs"), outputs: typesOf("outputs") };
}

/** Serialises an operator, without the graphs in its attributes, for comparisons. */
function outlineOf({ op, ins, outs, attributes }: OnnxNode): string {
  return JSON.stringify([op, ins, outs, Object.entries(attributes).filter(([, value]) => !isGraph(value))]);
}

function isGraph(value: Attribute): value is OnnxGraph {
  return typeof value === "object" && "nodes" in value;
}

/**
 * Compares the results with those for a batch of one item.
 *
 * @throws DownhillError `shape` if a result has another number of axes, or another size along an axis that does not
 * depend on the batch.
 */
function checkSingle({ outputs }: OnnxGraph, single: OnnxGraph): void {
  outputs.forEach(({ name, shape }, i) => {
    const sizes = single.outputs[i]!.shape;
    const fits = sizes.length === shape.length && shape.every((size, axis) => typeof size === "string" || size === sizes[axis]); // prettier-ignore
    if (!fits) throw refusal(`its result ${name} has another shape for one item`);
  });
}

function isSame(a: ArrayLike<unknown>, b: ArrayLike<unknown>): boolean {
  if (a === b) return true;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}

/**
 * Writes operators that compute a constant from the batch size `n`. Its values at the probes are those of `all`.
 *
 * @throws DownhillError `shape` if these have neither the form a · n + b, nor, for a scalar float, a / n.
 */
function writeNumbers(
  g: GraphBuilder,
  { name, type, shape }: Initializer,
  all: readonly Initializer[],
  n: string,
): void {
  const lists = all.map(({ data }) => Array.from(data, Number));
  const columns = lists[0]!.map((_, k) => lists.map((list) => list[k]!));
  const to = { to: elementTypes[type] };
  const lines = columns.flatMap((values) => lineThrough(values) ?? []);
  if (lines.length === columns.length && type !== "bool") {
    const hold = (numbers: readonly number[]): string =>
      shape.length === 0 ? g.scalar("int64", numbers[0]!) : g.ints(numbers);
    const terms = [
      g.node("Mul", [n, hold(lines.map(({ slope }) => slope))]),
      hold(lines.map(({ start }) => start)),
    ];
    if (type === "int64") g.result("Add", terms, name);
    else g.result("Cast", [g.node("Add", terms)], name, to);
    return;
  }
  const total = shape.length === 0 && type.startsWith("float") ? dividend(columns[0]!, type) : undefined;
  if (total === undefined) {
    const values = lists.map((list, i) => `${list.join(", ")} for ${probes[i]!} items`);
    throw refusal(`it has a constant that is ${values.join(" and ")}`);
  }
  g.result("Div", [g.scalar(type, total), g.node("Cast", [n], to)], name);
}

/** Returns the line a · n + b through the values at the probes, with integers a and b; `undefined` if there is none. */
function lineThrough(
  values: readonly number[],
): { readonly slope: number; readonly start: number } | undefined {
  const slope = (values[1]! - values[0]!) / (probes[1] - probes[0]);
  const start = values[0]! - slope * probes[0];
  const isLine = values.every((value, i) => value === slope * probes[i]! + start);
  return isLine && Number.isSafeInteger(slope) && Number.isSafeInteger(start) ? { slope, start } : undefined;
}

/**
 * Returns a number a such that the value at each probe n is a / n, rounded; prefers an a with few digits. `undefined`
 * if no a fits.
 */
function dividend(values: readonly number[], type: ElementType): number | undefined {
  const total = values[0]! * probes[0];
  // quotient and product each have an error of half a last digit
  const within = (type === "float32" ? 2 ** -22 : 2 ** -51) * Math.abs(total);
  return [Math.round(total * 1024) / 1024, total].find((a) =>
    values.every((value, i) => Math.abs(value * probes[i]! - a) <= within),
  );
}

function refusal(why: string): DownhillError {
  return new DownhillError(
    "shape",
    `toOnnx: this function has no model for batches of any size: ${why}. Omit batch for a model of one size.`,
  );
}
