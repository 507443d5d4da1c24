import { refuseExtra } from "../../engine/errors/arguments.ts";
import { checkTable } from "./options.ts";
import { showNumber } from "../plot/number-text.ts";
import type { LocalDerivative, ShownValue, TraceBody, TraceLine, TraceTable } from "./table.ts";

/** An input or a line of a program, as a node of its dependency graph. */
export interface GraphNode {
  /** Its place in the list of nodes. */
  readonly id: number;
  readonly kind: "input" | "line";
  readonly isOutput: boolean;
  /** Its name in the program; lines of sub-programs have names of their own. */
  readonly name: string;
  /** `a = x * y`, or the name of an input. */
  readonly label: string;
  readonly operation: string;
  readonly value: string;
  /** `∂s/∂a = 1`; nothing where the trace has no adjoint of it. */
  readonly derivative: string;
  /** How many sub-programs it lies in. */
  readonly depth: number;
  /** The groups in which it lies, outermost first: sub-programs, and prefixes of its name. */
  readonly path: readonly string[];
}

/** Who reads whom in a program. Edges lead from what is read to what reads it. */
export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly (readonly [from: number, to: number])[];
  /** For each edge the local derivative, `y = 3`; empty where none is known. */
  readonly locals: readonly string[];
  /** For each input, the results that it reaches. */
  readonly reach: readonly { readonly input: string; readonly outputs: readonly string[] }[];
}

/** A value as a node shows it; nothing where it is not known. */
export function showValue(value: ShownValue): string {
  if (arguments.length > 1) refuseExtra("showValue", arguments, 1);
  if (value === null) return "";
  if (typeof value === "number") return showNumber(value);
  return typeof value === "boolean" ? String(value) : `${value.type} ${value.preview}`;
}

/** The dependency graph of a traced program. Sub-programs are drawn inside a group before the line that runs them. */
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
  /** Draws a body, its inputs joined to the operands of the line that runs it; returns the nodes of its results. */
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

/** The last word on each adjoint, a seed, an only contribution, a sum or nothing, as a node shows it. */
function finalAdjoints(table: TraceTable): Map<string, string> {
  const final = new Map<string, string>();
  for (const line of table.reverse) {
    if (line.kind === "contribution" && !line.only) continue;
    // Without values the formula says what the adjoint is.
    final.set(line.of, showDerivative(line.name, line.value, line.expression));
  }
  return final;
}

/** A derivative as a node shows it: arrays by their name only, for their elements have no room. */
function showDerivative(name: string, value: ShownValue, expression: string): string {
  if (value === null) return `${name} = ${expression}`;
  return typeof value === "object" ? name : `${name} = ${showValue(value)}`;
}

/** A value as a node shows it: arrays by their type. */
function shortValue(value: ShownValue): string {
  return typeof value === "object" && value !== null ? value.type : showValue(value);
}

const longestFormula = 16; // characters of a formula that stands before its value

/** A local derivative as an edge shows it: the formula, the value, or both where they differ and have room. */
function showLocal({ expression, value }: LocalDerivative): string {
  if (value === null) return expression;
  const number = showValue(value);
  return number === expression || expression.length > longestFormula ? number : `${expression} = ${number}`;
}

/** `["params", "layer1"]` of `params.layer1.w` and of `params/layer1/w`. */
function prefixOf(name: string): string[] {
  return name
    .split(/[./]|\[/)
    .slice(0, -1)
    .filter((part) => part !== "");
}

/** What every node leads to (`forward`) or comes from, itself left out. */
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

const mostNamed = 8; // inputs that one sentence names

/**
 * Which inputs reach which results, in words; inputs that reach the same are told together.
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
