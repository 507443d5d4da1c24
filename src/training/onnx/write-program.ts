import { DownhillError } from "../../engine/errors/index.ts";
import { isBuiltIn } from "../../engine/ir/index.ts";
import type { Equation, Program, Var } from "../../engine/ir/index.ts";
import type { CondParams, ScanParams, WhileParams } from "../../engine/prims/index.ts";
import { arrayForms } from "./arrays.ts";
import { elementwise } from "./elementwise.ts";
import { wrapped } from "./form.ts";
import { formulaOf } from "./formulas.ts";
import type { GraphBuilder } from "./graph-builder.ts";
import { elementTypeOf } from "./graph-builder.ts";
import type { ValueInfo } from "./model.ts";

/**
 * Writes the equations of a program into a graph. `operands` are the names of its inputs there. Returns the names of
 * its results.
 *
 * @throws DownhillError `onnx` for an operation without an ONNX form.
 */
export function writeProgram(g: GraphBuilder, program: Program, operands: readonly string[]): string[] {
  const names = new Map<Var, string>(program.ins.map((v, i) => [v, operands[i]!]));
  for (const eqn of program.eqns) {
    const ins = eqn.ins.map((v) => names.get(v)!);
    const outs = writeEquation(g, eqn, ins);
    eqn.outs.forEach((v, i) => names.set(v, outs[i]!));
  }
  return program.outs.map((v) => names.get(v)!);
}

function writeEquation(g: GraphBuilder, eqn: Equation, ins: readonly string[]): readonly string[] {
  const { prim, params } = eqn;
  if (!isBuiltIn(prim)) {
    throw noForm(eqn, `"${prim.name}", a custom operation (definePrimitive), has no form in ONNX`);
  }
  const structured = structuredForms.get(prim.name);
  if (structured !== undefined) return structured(g, eqn, ins);
  const operands = { g, ins, types: eqn.ins.map((v) => v.type), outs: eqn.outs.map((v) => v.type) };
  const outs =
    arrayForms.get(prim.name)?.(operands, params as never) ??
    elementwise(prim.name, operands, params as object);
  if (outs === undefined) throw noForm(eqn, `the operation "${prim.name}" has no form in ONNX`);
  if (typeof outs !== "string") return outs;
  return [eqn.outs[0]!.type.dtype === "uint32" && growing.has(prim.name) ? wrapped(g, outs) : outs];
}

/**
 * Names of primitives whose results for uint32 operands may exceed 32 bits or be negative. These results are reduced
 * modulo 2³².
 */
const growing: ReadonlySet<string> = /* @__PURE__ */ new Set([
  "add", "sub", "mul", "neg", "sum", "cumsum", "dotGeneral", "windowSum", "windowPut", "scatterAdd",
  "scatterAddAlong", "dynamicAdd", "linearRecurrence",
]); // prettier-ignore

function noForm({ source }: Equation, what: string): DownhillError {
  const where = source === undefined ? "" : ` (${source.describe()})`;
  return new DownhillError(
    "onnx",
    `toOnnx: ${what}${where}. Write it with operations of the library, or export the parts before and after it as separate models.`,
  );
}

type StructuredForm = (g: GraphBuilder, eqn: Equation, ins: readonly string[]) => readonly string[];

/** Writes an equation that runs its program once, such as a call, as the equations of that program. */
const inline: StructuredForm = (g, { params }, ins) => {
  const { program } = params as { readonly program: Program };
  return writeProgram(g, program, ins);
};

function infosOf(vars: readonly Var[], names: readonly string[]): ValueInfo[] {
  return vars.map(({ type }, i) => ({
    name: names[i]!,
    type: elementTypeOf(type.dtype),
    shape: type.shape,
  }));
}

/** Copies results to new names, because a graph inside an operator may not return values of the graph around it. */
function own(g: GraphBuilder, names: readonly string[]): string[] {
  return names.map((name) => g.node("Identity", [name]));
}

const cond: StructuredForm = (g, { params, outs }, [test, ...operands]) => {
  const { onTrue, onFalse } = params as CondParams;
  const branch = (program: Program) => {
    const inner = g.inner();
    const results = own(inner, writeProgram(inner, program, operands));
    return inner.graph(program.name, [], infosOf(program.outs, results));
  };
  const branches = { then_branch: branch(onTrue), else_branch: branch(onFalse) };
  return g.nodes("If", [test!], outs.length, branches);
};

const whileLoop: StructuredForm = (g, { params, outs }, ins) => {
  const { test, body, testConsts, bodyConsts } = params as WhileParams;
  const forTest = ins.slice(0, testConsts);
  const forBody = ins.slice(testConsts, testConsts + bodyConsts);
  const start = ins.slice(testConsts + bodyConsts);
  const [begins] = writeProgram(g, test, [...forTest, ...start]);
  const inner = g.inner();
  const [step, goesOn] = [inner.fresh(), inner.fresh()];
  const carry = start.map(() => inner.fresh());
  const next = own(inner, writeProgram(inner, body, [...forBody, ...carry]));
  const [again] = own(inner, writeProgram(inner, test, [...forTest, ...next]));
  const types = body.ins.slice(bodyConsts);
  const flag = (name: string): ValueInfo => ({ name, type: "bool", shape: [] });
  const graph = inner.graph(
    "loop",
    [{ name: step, type: "int64", shape: [] }, flag(goesOn), ...infosOf(types, carry)],
    [flag(again!), ...infosOf(types, next)],
  );
  return g.nodes("Loop", ["", begins!, ...start], outs.length, { body: graph });
};

const scan: StructuredForm = (g, { params, outs }, ins) => {
  const { body, consts, carries, length, reverse } = params as ScanParams;
  const given = ins.slice(0, consts);
  const start = ins.slice(consts, consts + carries);
  const xs = ins.slice(consts + carries);
  if (length === 0) {
    const empty = outs.slice(carries).map(({ type }) => {
      const zero = g.scalar(elementTypeOf(type.dtype), 0);
      return g.node("Expand", [zero, g.ints(type.shape)]);
    });
    return [...own(g, start), ...empty];
  }
  const inner = g.inner();
  const carry = start.map(() => inner.fresh());
  const items = xs.map(() => inner.fresh());
  const results = own(inner, writeProgram(inner, body, [...given, ...carry, ...items]));
  const counter = inner.fresh();
  // the length of a scan is that of its inputs
  const counts = xs.length === 0;
  const over = counts
    ? [
        g.node(
          "Range",
          [0, length, 1].map((x) => g.scalar("int64", x)),
        ),
      ]
    : xs;
  const graph = inner.graph(
    "scan",
    [
      ...infosOf(body.ins.slice(consts), [...carry, ...items]),
      ...(counts ? [{ name: counter, type: "int64", shape: [] } as const] : []),
    ],
    infosOf(body.outs, results),
  );
  const ys = outs.length - carries;
  return g.nodes("Scan", [...start, ...over], outs.length, {
    body: graph,
    num_scan_inputs: over.length,
    ...(reverse && {
      scan_input_directions: over.map(() => 1),
      ...(ys > 0 && { scan_output_directions: outs.slice(carries).map(() => 1) }),
    }),
  });
};

/** Writers of equations whose parameters contain programs, such as loops and branches, by name of the primitive. */
const structuredForms: ReadonlyMap<string, StructuredForm> = /* @__PURE__ */ new Map([
  ["call", inline],
  ["checkpoint", inline],
  ["customJvp", inline],
  ["customVjp", inline],
  ["cond", cond],
  ["whileLoop", whileLoop],
  ["scan", scan],
]);

/** True if the built-in primitive of this name can be written as ONNX operators, at least for float32. */
export function hasForm(name: string): boolean {
  return structuredForms.has(name) || arrayForms.has(name) || formulaOf(name, "float32") !== undefined;
}
