import { dceProgram } from "../ir/dce.ts";
import type { Primitive } from "../ir/primitive.ts";
import { builtIn } from "../ir/primitive.ts";
import type { Program } from "../ir/program.ts";
import type { Tensor } from "../ir/tensor.ts";
import { bind } from "../trace/bind.ts";
import { runsProgram, transposeWhole } from "./carries.ts";
import { guardedProgram } from "./guard.ts";

/**
 * Parameters of the primitive that applies a program as one equation, as `jit` does. Its derivative and `vmap` are
 * calls of the transformed programs.
 */
export interface CallParams {
  readonly program: Program;
}

const callPrim: Primitive<CallParams> = /* @__PURE__ */ builtIn<CallParams>({
  name: "call",
  typeOf: (_, { program }) => program.outs.map((v) => v.type),
  derivative: {
    kind: "structured",
    jvp(ins, tangents, { program }, { jvpProgram }, masks) {
      const nonzero = tangents.map((t) => t !== undefined);
      const forward = jvpProgram(
        program,
        nonzero,
        program.outs.map(() => false),
        masks,
      );
      const outs = call(forward.program, [...ins, ...tangents.filter((t) => t !== undefined)]);
      let next = program.outs.length;
      return [
        outs.slice(0, next),
        forward.nonzeroOuts.map((present) => (present ? outs[next++] : undefined)),
        forward.maskedOuts,
      ];
    },
    partialEval(ins, { program }, tools) {
      const split = tools.partialEvalProgram(
        program,
        ins.map((x) => !x.known),
        program.outs.map(() => false),
        ins.map((x) => tools.isAtHand(x.value)),
        tools.isRepeated,
      );
      const knownIns = ins.filter((x) => x.known).map((x) => x.value);
      const knownOuts = tools.known(callPrim, knownIns, { program: split.known });
      const nKnown = knownOuts.length - split.residualCount;
      const residuals = split.residualInputs.map((input, i) =>
        input === undefined ? knownOuts[nKnown + i]! : ins[input]!.value,
      );
      const unknownIns = ins.filter((x) => !x.known).map((x) => x.value);
      const unknownOuts = split.unknownOuts.includes(true)
        ? tools.unknown(callPrim, [...residuals, ...unknownIns], { program: split.unknown })
        : [];
      let [k, u] = [0, 0];
      return split.unknownOuts.map((unknown) =>
        unknown ? { known: false, value: unknownOuts[u++]! } : { known: true, value: knownOuts[k++]! },
      );
    },
    transpose: (cts, ins, { program }, into, tools, masks) =>
      transposeWhole(cts, ins, program, into, tools, masks, call),
    dce(used, { program }) {
      const slim = dceProgram(program, used);
      const ins = slim.program.ins.filter((_, i) => slim.usedIns[i]);
      return { params: { program: { ...slim.program, ins } }, ins: slim.usedIns, outs: used };
    },
  },
  batch(ins, batched, size, { program }, { batchProgram }) {
    const result = batchProgram(
      program,
      size,
      batched,
      program.outs.map(() => false),
    );
    return { outs: call(result.program, ins), batched: result.batchedOuts };
  },
  lowering: runsProgram,
  guard({ program }, results) {
    const guarded = guardedProgram(program, results);
    return guarded && ((ins, when) => call(guarded, [when, ...ins]));
  },
  unroll: (ins, { program }, run) => run(program, ins),
});

/** Applies a program as one equation. `apply` binds the equation to a trace; by default, to the innermost one. */
export function call(
  program: Program,
  ins: readonly Tensor[],
  apply: (prim: Primitive, ins: readonly Tensor[], params: unknown) => readonly Tensor[] = bind,
): readonly Tensor[] {
  return apply(callPrim, ins, { program });
}

/** Returns the program that a call equation applies, for code that inlines it. Undefined for other equations. */
export function calledProgram(prim: Primitive, params: unknown): Program | undefined {
  return prim === (callPrim as Primitive) ? (params as CallParams).program : undefined;
}
