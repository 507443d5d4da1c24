import { dceProgram } from "../ir/dce.ts";
import type { PartialProgram, PartialTools, PartialValue, Primitive } from "../ir/primitive.ts";
import { builtIn } from "../ir/primitive.ts";
import type { Program, Var } from "../ir/program.ts";
import type { Tensor } from "../ir/tensor.ts";
import { bind } from "../trace/bind.ts";
import { interned } from "../trace/intern.ts";
import { evalProgram, traceClosed } from "../trace/staging.ts";
import { call } from "./call.ts";
import { keep, present, runsProgram, transposeWhole } from "./carries.ts";

/** Intermediate values of a program that its derivative may save: none, or only the results of products. */
export type CheckpointPolicy = "nothing" | "products";

/**
 * Parameters of the primitive that applies a program and recomputes its intermediate values in the derivative instead
 * of saving them.
 */
export interface CheckpointParams {
  readonly program: Program;
  readonly policy: CheckpointPolicy;
}

const checkpointPrim: Primitive<CheckpointParams> = /* @__PURE__ */ builtIn<CheckpointParams>({
  name: "checkpoint",
  typeOf: (_, { program }) => program.outs.map((v) => v.type),
  derivative: {
    kind: "structured",
    jvp(ins, tangents, { program, policy }, { jvpProgram }, masks) {
      const forward = jvpProgram(
        program,
        tangents.map((t) => t !== undefined),
        program.outs.map(() => false),
        masks,
      );
      const outs = checkpoint([...ins, ...present(tangents)], { program: forward.program, policy });
      let next = program.outs.length;
      return [
        outs.slice(0, next),
        forward.nonzeroOuts.map((isPresent) => (isPresent ? outs[next++] : undefined)),
        forward.maskedOuts,
      ];
    },
    partialEval: checkpointPartialEval,
    transpose: (cts, ins, { program, policy }, into, tools, masks) =>
      transposeWhole(cts, ins, program, into, tools, masks, (backward, operands) =>
        checkpoint(operands, { program: backward, policy }),
      ),
    dce(used, { program, policy }) {
      const slim = dceProgram(program, used);
      const ins = keep(slim.program.ins, slim.usedIns);
      return { params: { program: { ...slim.program, ins }, policy }, ins: slim.usedIns, outs: used };
    },
  },
  batch(ins, batched, size, { program, policy }, { batchProgram }) {
    const result = batchProgram(
      program,
      size,
      batched,
      program.outs.map(() => false),
    );
    return { outs: checkpoint(ins, { program: result.program, policy }), batched: result.batchedOuts };
  },
  lowering: runsProgram,
  unroll: (ins, { program }, run) => run(program, ins),
});

/**
 * Computes the known results now. The unknown part receives the known operands and the values that the policy saves,
 * and recomputes the rest from them.
 */
function checkpointPartialEval(
  ins: readonly PartialValue[],
  { program, policy }: CheckpointParams,
  tools: PartialTools,
): readonly PartialValue[] {
  const split = tools.partialEvalProgram(
    program,
    ins.map((x) => !x.known),
    program.outs.map(() => false),
  );
  const nKnown = split.unknownOuts.filter((m) => !m).length;
  const kept = policy === "nothing" ? [] : keptValues(split.known);
  const knownIns = ins.filter((x) => x.known).map((x) => x.value);
  const first = withResults(split.known, [...split.known.outs.slice(0, nKnown), ...kept]);
  const used = keep(knownIns, first.usedIns);
  const knownOuts = call(interned(first.program), used, tools.known);

  const again = startingFrom(split.known, kept, nKnown);
  const later = joinParts(again, split);
  const slim = dceProgram(
    later,
    later.outs.map(() => true),
  );
  const operands = [
    ...knownOuts.slice(nKnown),
    ...knownIns,
    ...ins.filter((x) => !x.known).map((x) => x.value),
  ];
  const unknownOuts = split.unknownOuts.includes(true)
    ? tools.unknown(checkpointPrim, keep(operands, slim.usedIns), {
        program: interned({ ...slim.program, ins: keep(slim.program.ins, slim.usedIns) }),
        policy,
      } satisfies CheckpointParams)
    : [];
  let [now, then] = [0, 0];
  return split.unknownOuts.map((m) =>
    m ? { known: false, value: unknownOuts[then++]! } : { known: true, value: knownOuts[now++]! },
  );
}

/**
 * Results of the expensive equations of a program (`cost` "high", such as products), which are saved instead of
 * recomputed.
 */
function keptValues(program: Program): Var[] {
  return program.eqns.filter(({ prim }) => prim.cost === "high").flatMap(({ outs }) => [...outs]);
}

/**
 * A copy of the program with other results and only the inputs that they need; `usedIns` marks these among all inputs.
 */
function withResults(
  program: Program,
  outs: readonly Var[],
): { readonly program: Program; readonly usedIns: readonly boolean[] } {
  const slim = dceProgram(
    { ...program, outs },
    outs.map(() => true),
  );
  return { program: { ...slim.program, ins: keep(program.ins, slim.usedIns) }, usedIns: slim.usedIns };
}

/**
 * Returns the program with the saved values `kept` as additional first inputs, without the equations that compute them.
 */
function startingFrom(program: Program, kept: readonly Var[], nKnown: number): Program {
  return {
    ...program,
    ins: [...kept, ...program.ins],
    eqns: program.eqns.filter(({ outs }) => !outs.some((v) => kept.includes(v))),
    outs: program.outs.slice(nKnown),
  };
}

/** Joins the program that recomputes the residuals and the program that uses them into one. */
function joinParts(again: Program, { unknown, residualCount }: PartialProgram): Program {
  const types = [...again.ins, ...unknown.ins.slice(residualCount)].map((v) => v.type);
  return traceClosed(`again(${unknown.name})`, types, (...args) => {
    const residuals = evalProgram(again, args.slice(0, again.ins.length));
    return evalProgram(unknown, [...residuals, ...args.slice(again.ins.length)]);
  });
}

/** Applies a program whose derivative recomputes its values; see `CheckpointParams`. */
export function checkpoint(ins: readonly Tensor[], params: CheckpointParams): readonly Tensor[] {
  return bind(checkpointPrim, ins, params);
}
