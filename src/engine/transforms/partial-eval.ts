import { internalError } from "../errors/index.ts";
import { dceProgram } from "../ir/dce.ts";
import type { PartialProgram, PartialTools, PartialValue, Primitive, Tools } from "../ir/primitive.ts";
import type { Program, Var } from "../ir/program.ts";
import type { Tensor } from "../ir/tensor.ts";
import { withTrace } from "../trace/bind.ts";
import { withSource } from "../trace/source.ts";
import type { StagingTrace } from "../trace/staging.ts";
import { makeStagingTrace } from "../trace/staging.ts";
import { maskKey, memoizeProgram } from "./memoize.ts";

/**
 * Splits a program by which inputs are known now. `known` gives the known outputs and the residuals: the values that
 * `unknown` needs of it. Outputs in `instantiate` belong to `unknown` even if they are known.
 */
export const partialEvalProgram: (
  program: Program,
  unknown: readonly boolean[],
  instantiate: readonly boolean[],
  tools: Tools,
) => PartialProgram = /* @__PURE__ */ memoizeProgram(
  (_, unknown: readonly boolean[], instantiate: readonly boolean[], __: Tools) =>
    `split ${maskKey(unknown)} ${maskKey(instantiate)}`,
  (program, unknown, instantiate, tools) =>
    withTrace(program.name, makeStagingTrace, (now) =>
      withTrace(program.name, makeStagingTrace, (later) =>
        split(program, unknown, instantiate, tools, now, later),
      ),
    ),
);

function split(
  program: Program,
  unknown: readonly boolean[],
  instantiate: readonly boolean[],
  tools: Tools,
  now: StagingTrace,
  later: StagingTrace,
): PartialProgram {
  const residuals = new Map<Tensor, Tensor>(); // known value -> the input that stands for it later
  const constants = new Map<Tensor, { readonly prim: Primitive; readonly params: unknown }>();
  /** What stands for a known value in the later program; a constant is made anew instead of being kept. */
  const residual = (x: Tensor): Tensor => {
    let r = residuals.get(x);
    if (r !== undefined) return r;
    const constant = constants.get(x);
    if (constant !== undefined) return later.process(constant.prim, [], constant.params)[0]!;
    residuals.set(x, (r = later.input(x.type)));
    return r;
  };
  const known = (prim: Primitive, ins: readonly Tensor[], params: unknown): readonly Tensor[] => {
    const outs = now.process(prim, ins, params);
    if (ins.length === 0 && outs.length === 1) constants.set(outs[0]!, { prim, params });
    return outs;
  };
  const bindLater = (prim: Primitive, ins: readonly Tensor[], params: unknown): readonly Tensor[] =>
    later.process(
      prim,
      ins.map((x) => (x.tracer?.trace === now ? residual(x) : x)),
      params,
    );
  const partialTools: PartialTools = { ...tools, known, unknown: bindLater };

  const env = new Map<Var, PartialValue>();
  const ins = program.ins.map((v, i) => (unknown[i] === true ? later : now).input(v.type));
  program.ins.forEach((v, i) => env.set(v, { known: unknown[i] !== true, value: ins[i]! }));
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
  // A residual that nothing reads any more need not be kept.
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
