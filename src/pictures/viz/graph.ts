import { refuseExtra } from "../../engine/errors/arguments.ts";
import { checkTable } from "./options.ts";
import { showNumber } from "../plot/number-text.ts";
import type { LocalDerivative, ShownValue, TraceBody, TraceLine, TraceTable } from "./table.ts";

/** A node of the dependency graph: an input or a line of the program. */
export interface GraphNode {
  /** Index of the node in `Graph.nodes`. */
  readonly id: number;
  readonly kind: "input" | "line";
  readonly isOutput: boolean;
  /** Name in the program. Lines of sub-programs have separate names. */
  readonly name: string;
  /** Text of the line, such as `a = x * y`, or the name of an input. */
  readonly label: string;
  readonly operation: string;
  readonly value: string;
  /** Text of the adjoint, such as `∂s/∂a = 1`. Empty if the trace has no adjoint of the node. */
  readonly derivative: string;
  /** Number of sub-programs that enclose the node. */
  readonly depth: number;
  /** Labels of the enclosing groups, outermost first: sub-programs, then prefixes of the name. */
  readonly path: readonly string[];
}

/** Dependency graph of a program. Edges point from an operand to the line that uses it. */
export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly (readonly [from: number, to: number])[];
  /** Text of the local derivative of each edge, such as `y = 3`, in the order of `edges`. Empty if unknown. */
  readonly locals: readonly string[];
  /** For each input, the results that depend on it. */
  readonly reach: readonly { readonly input: string; readonly outputs: readonly string[] }[];
}

/**
 * Returns a value of a trace as text: a number, a boolean, or type and elements of an array. Empty if the value is
 * unknown.
 */
export function showValue(value: ShownValue): string {
  if (arguments.length > 1) refuseExtra("showValue", arguments, 1);
  if (value === null) return "";
  if (typeof value === "number") return showNumber(value);
  return typeof value === "boolean" ? String(value) : `${value.type} ${value.preview}`;
}

/** Builds the dependency graph of a traced program. Sub-programs form groups before the line that runs them. */
export function graphOf(table: TraceTable): Graph {
  if (arguments.length > 1) refuseExtra("graphOf", arguments, 1);
  checkTable("graphOf", table);
  const nodes: GraphNode[] = [];
  const edges: [number, number][] = [];
  const locals: string[] = [];
  const adjoints = finalAdjoints(table);
  const outputs = new Set(table.outputs);

  const addNode = (
    node: Omit<GraphNode, "id" | "depth" | "path" | "derivative">,
    scope: readonly string[],
  ): number => {
    const id = nodes.length;
    const adjoint = scope.length === 0 ? adjoints.get(node.name) : undefined;
    const prefix = scope.length === 0 ? prefixOf(node.name) : [];
    nodes.push({
      ...node,
      id,
      depth: scope.length,
      path: [...scope, ...prefix],
      derivative: adjoint ?? "",
    });
    return id;
  };
  const addLines = (
    lines: readonly TraceLine[],
    env: Map<string, number>,
    scope: readonly string[],
  ): void => {
    for (const line of lines) {
      const results = line.bodies.flatMap((body, i) => addBody(line, body, i, env, scope));
      const id = addNode(
        {
          kind: "line",
          isOutput: scope.length === 0 && line.results.some((name) => outputs.has(name)),
          name: line.name,
          label: line.text,
          operation: line.operation,
          value: shortValue(line.value),
        },
        scope,
      );
      const read = [...line.reads.flatMap((name) => env.get(name) ?? []), ...results];
      const local = new Map(line.local.map((entry) => [env.get(entry.of), showLocal(entry)]));
      for (const from of new Set(read)) {
        edges.push([from, id]);
        locals.push(local.get(from) ?? "");
      }
      for (const name of line.results) env.set(name, id);
    }
  };
  /**
   * Adds the lines of a body and connects its inputs to the operands of the line that runs it. Returns the nodes of its
   * results.
   */
  const addBody = (
    line: TraceLine,
    body: TraceBody,
    i: number,
    outer: ReadonlyMap<string, number>,
    scope: readonly string[],
  ): number[] => {
    const inner = new Map<string, number>();
    body.inputs.forEach((name, k) => {
      const from = outer.get(body.operands[k] ?? "");
      if (from !== undefined) inner.set(name, from);
    });
    addLines(body.lines, inner, [
      ...scope,
      `${line.name}: ${body.name}${line.bodies.length > 1 ? ` ${i + 1}` : ""}`,
    ]);
    return body.outputs.flatMap((name) => inner.get(name) ?? []);
  };

  const env = new Map<string, number>();
  for (const { name, value } of table.inputs) {
    const node = {
      kind: "input",
      isOutput: outputs.has(name),
      name,
      label: name,
      operation: "input",
      value: shortValue(value),
    } as const;
    env.set(name, addNode(node, []));
  }
  addLines(table.program, env, []);
  const reach = table.inputs.map(({ name }) => {
    const affected = new Set(Object.hasOwn(table.affects, name) ? table.affects[name] : []);
    return { input: name, outputs: table.outputs.filter((out) => out === name || affected.has(out)) };
  });
  return { nodes, edges, locals, reach };
}

/** Returns the final text of each adjoint by name of its value: from a seed, a single contribution, a sum, or zero. */
function finalAdjoints(table: TraceTable): Map<string, string> {
  const final = new Map<string, string>();
  for (const line of table.reverse) {
    if (line.kind === "contribution" && !line.only) continue;
    // Without values, the text shows the formula of the adjoint.
    final.set(line.of, showDerivative(line.name, line.value, line.expression));
  }
  return final;
}

/** Returns the text of a derivative in a node. Arrays are shown only by name, because their elements do not fit. */
function showDerivative(name: string, value: ShownValue, expression: string): string {
  if (value === null) return `${name} = ${expression}`;
  return typeof value === "object" ? name : `${name} = ${showValue(value)}`;
}

/** Returns the text of a value in a node. Arrays are shown by their type. */
function shortValue(value: ShownValue): string {
  return typeof value === "object" && value !== null ? value.type : showValue(value);
}

const longestFormula = 16; // maximum length in characters of a formula shown with its value

/** Returns the text of a local derivative on an edge: the formula, the value, or both if they differ and fit. */
function showLocal({ expression, value }: LocalDerivative): string {
  if (value === null) return expression;
  const number = showValue(value);
  return number === expression || expression.length > longestFormula ? number : `${expression} = ${number}`;
}

/**
 * Returns the parts of a name before the last one: `["params", "layer1"]` for `params.layer1.w` and for
 * `params/layer1/w`.
 */
function prefixOf(name: string): string[] {
  return name
    .split(/[./]|\[/)
    .slice(0, -1)
    .filter((part) => part !== "");
}

/** Returns the nodes that depend on `start` (`forward`) or on which it depends (`backward`), without `start`. */
export function reachable(graph: Graph, start: number, direction: "forward" | "backward"): Set<number> {
  const next = new Map<number, number[]>();
  for (const [from, to] of graph.edges) {
    const [a, b] = direction === "forward" ? [from, to] : [to, from];
    const list = next.get(a);
    if (list === undefined) next.set(a, [b]);
    else list.push(b);
  }
  const found = new Set<number>();
  const pending = [start];
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    for (const other of next.get(id) ?? []) {
      if (found.has(other)) continue;
      found.add(other);
      pending.push(other);
    }
  }
  found.delete(start);
  return found;
}

const mostNamed = 8; // maximum number of inputs named in one sentence

/**
 * Describes which inputs reach which results, one sentence per group of inputs that reach the same results. A sentence
 * names at most `mostNames` inputs (default 8) and counts the others.
 *
 * @example
 * reachText(graphOf(traceTable((x, y) => x.mul(y)))); // ["x, y reach z"]
 */
export function reachText({ reach }: Graph, mostNames: number = mostNamed): string[] {
  const groups = new Map<string, string[]>();
  for (const { input, outputs } of reach) {
    const target = outputs.length === 0 ? "no result" : outputs.join(", ");
    groups.set(target, [...(groups.get(target) ?? []), input]);
  }
  return [...groups].map(([target, inputs]) => {
    const rest = inputs.length > mostNames ? ` and ${inputs.length - mostNames} more` : "";
    return `${inputs.slice(0, mostNames).join(", ")}${rest} ${inputs.length === 1 ? "reaches" : "reach"} ${target}`;
  });
}
