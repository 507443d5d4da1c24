import type { Maybe, TransformTools, TransposedProgram } from "../ir/primitive.ts";
import type { Program, Var } from "../ir/program.ts";
import type { Tensor } from "../ir/tensor.ts";
import { keep } from "../prims/carries.ts";
import { zeros } from "../prims/linear.ts";
import { bind, withTrace } from "../trace/bind.ts";
import { withSource } from "../trace/source.ts";
import { traceClosed } from "../trace/staging.ts";
import type { LinearEquation, LinearNode } from "./linear.ts";
import { backward, isNodeMasked, LinearTrace } from "./linear.ts";
import { maskKey, memoizeProgram } from "./memoize.ts";

/**
 * Transposes a program with respect to the inputs marked in `linear`. Inputs: the other inputs, a cotangent per output,
 * and an accumulator per input in `accumulate`. Outputs: the cotangent of each linear input, including its accumulator.
 * `masked` marks cotangents of outputs that may contain masked zeros.
 */
export const transposeProgram: (
  program: Program,
  linear: readonly boolean[],
  accumulate: readonly boolean[],
  masked: readonly boolean[],
  tools: TransformTools,
) => TransposedProgram = /* @__PURE__ */ memoizeProgram(
  (
    _,
    linear: readonly boolean[],
    accumulate: readonly boolean[],
    masked: readonly boolean[],
    __: TransformTools,
  ) => `transpose ${maskKey(linear)} ${maskKey(accumulate)} ${masked.includes(true) ? maskKey(masked) : ""}`,
  (program, linear, accumulate, masked, tools) => {
    const pick = (mask: readonly boolean[], wanted: boolean): Var[] =>
      program.ins.filter((_, i) => mask[i] === wanted);
    const fixed = pick(linear, false);
    const types = [...fixed, ...program.outs, ...pick(accumulate, true)].map((v) => v.type);
    let [maskedIns, zero]: boolean[][] = [];
    const transposed = traceClosed(`transpose(${program.name})`, types, (...args) =>
      withTrace(
        program.name,
        (level) => new LinearTrace(level, tools),
        (tape) => {
          const values = new Map<Var, Tensor>(fixed.map((v, i) => [v, args[i]!]));
          const nodes = new Map<Var, LinearNode>(pick(linear, true).map((v) => [v, tape.input(v.type)]));
          const eqns: LinearEquation[] = [];
          for (const eqn of program.eqns) {
            if (!eqn.ins.some((v) => nodes.has(v))) {
              const outs = withSource(eqn.source, () =>
                bind(
                  eqn.prim,
                  eqn.ins.map((v) => values.get(v)!),
                  eqn.params,
                ),
              );
              eqn.outs.forEach((v, i) => values.set(v, outs[i]!));
              continue;
            }
            const outs = eqn.outs.map((v) => tape.input(v.type));
            eqn.outs.forEach((v, i) => nodes.set(v, outs[i]!));
            const into = eqn.ins.map((v) => nodes.get(v));
            const ins = eqn.ins.map((v, i): Maybe => (into[i] === undefined ? values.get(v) : undefined));
            eqns.push({ prim: eqn.prim, params: eqn.params, ins, into, outs, source: eqn.source });
          }
          const linearNodes = pick(linear, true).map((v) => nodes.get(v)!);
          let next = fixed.length + program.outs.length;
          const given = keep(accumulate, linear).map((isGiven) => (isGiven ? args[next++] : undefined));
          given.forEach((ct, i) => ct && linearNodes[i]!.put(ct));
          const cts = backward(
            eqns,
            program.outs.map((v) => nodes.get(v)),
            program.outs.map((_, i) => args[fixed.length + i]),
            linearNodes,
            tools,
            masked,
          );
          maskedIns = linearNodes.map(isNodeMasked);
          zero = cts.map((ct, i) => ct === undefined || ct === given[i]);
          return cts.map((ct, i) => ct ?? zeros(linearNodes[i]!.type));
        },
      ),
    );
    return { program: transposed, masked: maskedIns!, zero: zero! };
  },
);
