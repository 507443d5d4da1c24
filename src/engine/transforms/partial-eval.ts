import { internalError } from "../errors/index.ts";
import { dceProgram } from "../ir/dce.ts";
import type {
  PartialProgram,
  PartialTools,
  PartialValue,
  Primitive,
  TransformTools,
} from "../ir/primitive.ts";
import type { Program, Var } from "../ir/program.ts";
import type { Tensor } from "../ir/tensor.ts";
import { withTrace } from "../trace/bind.ts";
import { withSource } from "../trace/source.ts";
import { isFloating } from "../ir/types.ts";
import type { ArrayType } from "../ir/types.ts";
import { sizeOf } from "../util/shape.ts";
import type { PrimitiveCall, StagingTrace } from "../trace/staging.ts";
import { makeStagingTrace } from "../trace/staging.ts";
import { maskKey, memoizeProgram } from "./memoize.ts";

/**
 * Splits a program into a part that is computed first, from its known inputs, and a part for the inputs marked in
 * `unknown`. The first part computes the known outputs and the residuals, which are the values that the second part
 * needs. Outputs marked in `instantiate` belong to the second part even if they are known.
 *
 * Values that are cheap to compute from inputs `atHand` are recomputed instead of saved: constants, indices into
 * arrays, and elements at these indices. `isRepeated` is true if residuals may be saved for each iteration of a loop.
 */
export const partialEvalProgram: (
  program: Program,
  unknown: readonly boolean[],
  instantiate: readonly boolean[],
  kept: ResidualPolicy,
  tools: TransformTools,
) => PartialProgram = /* @__PURE__ */ memoizeProgram(
  (
    _,
    unknown: readonly boolean[],
    instantiate: readonly boolean[],
    kept: ResidualPolicy,
    __: TransformTools,
  ) => `split ${maskKey(unknown)} ${maskKey(instantiate)} ${maskKey(kept.atHand)} ${kept.isRepeated}`,
  (program, unknown, instantiate, kept, tools) =>
    withTrace(program.name, makeStagingTrace, (now) =>
      withTrace(program.name, makeStagingTrace, (later) =>
        split(program, { unknown, instantiate, ...kept }, tools, now, later),
      ),
    ),
);

/**
 * Facts that decide which values are saved as residuals: the inputs of the program that the second part has anyway, and
 * whether the program is the body of a loop. In a loop, each iteration saves its residuals.
 */
interface ResidualPolicy {
  readonly atHand: readonly boolean[];
  readonly isRepeated: boolean;
}

/** Parameters of a split: the inputs that are known only later, and the outputs that the later part must return. */
interface SplitMarks extends ResidualPolicy {
  readonly unknown: readonly boolean[];
  readonly instantiate: readonly boolean[];
}

/** Maximum number of recomputed indices; recomputing more may cost more than reading them. */
const mostPlaces = 16;

/**
 * True if recomputing the result of an equation costs no more than saving and reading it: one element of an array,
 * or a few integers or booleans.
 */
function isCheap({ lowering }: Primitive, { dtype, shape }: ArrayType): boolean {
  const n = sizeOf(shape);
  switch (lowering.kind) {
    case "alias":
      return true;
    case "map":
      return n === 1 || (!isFloating(dtype) && n <= mostPlaces);
    case "elementwise":
      return !isFloating(dtype) && n <= mostPlaces;
    case "loops":
    case "host":
      return false;
  }
}

function split(
  program: Program,
  { unknown, instantiate, atHand, isRepeated }: SplitMarks,
  tools: TransformTools,
  now: StagingTrace,
  later: StagingTrace,
): PartialProgram {
  const residuals = new Map<Tensor, Tensor>(); // known value -> input of the later program
  const again = new Map<Tensor, Tensor>(); // known value -> recomputed value
  const definitions = new Map<Tensor, PrimitiveCall>(); // of values at hand
  const given = new Set<Tensor>(); // inputs at hand
  const isAtHand = (x: Tensor): boolean => given.has(x) || definitions.has(x);
  /**
   * Variable of the second part for a known value: a residual, unless the value is cheap to compute from values that
   * need not be saved.
   */
  const residual = (x: Tensor): Tensor => {
    let r = residuals.get(x) ?? again.get(x);
    if (r !== undefined) return r;
    const definition = definitions.get(x);
    if (definition === undefined) residuals.set(x, (r = later.input(x.type)));
    else {
      const { prim, ins, params } = definition;
      again.set(x, (r = later.process(prim, ins.map(residual), params)[0]!));
    }
    return r;
  };
  const known = (prim: Primitive, ins: readonly Tensor[], params: unknown): readonly Tensor[] => {
    const outs = now.process(prim, ins, params);
    const [x] = outs;
    if (outs.length === 1 && ins.every(isAtHand) && (ins.length === 0 || isCheap(prim, x!.type)))
      definitions.set(x!, { prim, ins, params });
    return outs;
  };
  const bindLater = (prim: Primitive, ins: readonly Tensor[], params: unknown): readonly Tensor[] =>
    later.process(
      prim,
      ins.map((x) => (x.tracer?.trace === now ? residual(x) : x)),
      params,
    );
  const partialTools: PartialTools = { ...tools, known, unknown: bindLater, isAtHand, isRepeated };

  const env = new Map<Var, PartialValue>();
  const ins = program.ins.map((v, i) => (unknown[i] === true ? later : now).input(v.type));
  program.ins.forEach((v, i) => {
    env.set(v, { known: unknown[i] !== true, value: ins[i]! });
    if (unknown[i] !== true && atHand[i] === true) given.add(ins[i]!);
  });
  for (const eqn of program.eqns) {
    const operands = eqn.ins.map((v) => env.get(v)!);
    const values = operands.map((x) => x.value);
    const outs = withSource(eqn.source, (): readonly PartialValue[] => {
      if (operands.every((x) => x.known))
        return known(eqn.prim, values, eqn.params).map((value) => ({ known: true, value }));
      if (eqn.prim.derivative.kind === "structured")
        return eqn.prim.derivative.partialEval(operands, eqn.params, partialTools);
      return bindLater(eqn.prim, values, eqn.params).map((value) => ({ known: false, value }));
    });
    eqn.outs.forEach((v, i) => env.set(v, outs[i]!));
  }
  const outs = program.outs.map((v, i): PartialValue => {
    const out = env.get(v)!;
    return out.known && instantiate[i] === true ? { known: false, value: residual(out.value) } : out;
  });
  return assemble(program, ins, unknown, outs, residuals, now, later);
}

function assemble(
  program: Program,
  ins: readonly Tensor[],
  unknown: readonly boolean[],
  outs: readonly PartialValue[],
  residuals: ReadonlyMap<Tensor, Tensor>,
  now: StagingTrace,
  later: StagingTrace,
): PartialProgram {
  const unknownOuts = outs.filter((out) => !out.known).map((out) => later.varOf(out.value));
  const laterAll: Program = {
    name: `later(${program.name})`,
    ins: [
      ...[...residuals.values()].map((r) => later.varOf(r)),
      ...ins.filter((_, i) => unknown[i]).map((x) => later.varOf(x)),
    ],
    eqns: later.eqns,
    outs: unknownOuts,
  };
  const slimLater = dceProgram(
    laterAll,
    unknownOuts.map(() => true),
  );
  // A residual without a consumer is not saved.
  const kept = [...residuals.keys()].filter((_, i) => slimLater.usedIns[i]);
  const laterProgram: Program = {
    ...slimLater.program,
    ins: laterAll.ins.filter((_, i) => i >= residuals.size || slimLater.usedIns[i] === true),
  };
  const nowOuts = [
    ...outs.filter((out) => out.known).map((out) => now.varOf(out.value)),
    ...kept.map((x) => now.varOf(x)),
  ];
  if (now.captured.size > 0 || later.captured.size > 0)
    throw internalError(`partial evaluation of ${program.name} captured a value`);
  const nowProgram: Program = {
    name: `now(${program.name})`,
    ins: ins.filter((_, i) => unknown[i] !== true).map((x) => now.varOf(x)),
    eqns: now.eqns,
    outs: nowOuts,
  };
  return {
    known: dceProgram(
      nowProgram,
      nowOuts.map(() => true),
    ).program,
    unknown: laterProgram,
    unknownOuts: outs.map((out) => !out.known),
    residualCount: kept.length,
    residualInputs: kept.map((x) => {
      const i = ins.indexOf(x);
      return i < 0 ? undefined : i;
    }),
  };
}
