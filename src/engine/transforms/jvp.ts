import { DownhillError, internalError } from "../errors/index.ts";
import type { DualResults, Maybe, Primitive, TransformTools } from "../ir/primitive.ts";
import type { Program, Var } from "../ir/program.ts";
import type { Trace, Tracer } from "../ir/tensor.ts";
import { Tensor } from "../ir/tensor.ts";
import { zeros } from "../prims/linear.ts";
import { bind } from "../trace/bind.ts";
import { differentiating } from "../trace/debug.ts";
import { withSource } from "../trace/source.ts";
import { traceClosed } from "../trace/staging.ts";
import { assertNever } from "../util/assert-never.ts";
import { memoizeProgram, maskKey } from "./memoize.ts";
import { leavesZeros, throughMasks } from "./tangent-trace.ts";

/**
 * Applies the forward-mode rule of a primitive. Returns the results, their tangents and their masks. `masks` is true
 * for each operand tangent that may contain masked zeros (docs/masks.md).
 */
function jvpEquation(
  prim: Primitive,
  ins: readonly Tensor[],
  tangents: readonly Maybe[],
  masks: readonly boolean[],
  params: unknown,
  tools: TransformTools,
): DualResults {
  const { derivative } = prim;
  switch (derivative.kind) {
    case "linear": {
      const outs = bind(prim, ins, params);
      if (!tangents.some((t) => t !== undefined)) return [outs, []];
      const rule = derivative.jvp ?? ((given) => movedBy(prim, derivative.operands, ins, given, params));
      return [outs, ...ruled(prim, ins, tangents, masks, (given) => rule(given, ins, params))];
    }
    case "smooth": {
      const own = derivative.underDerivative === undefined ? params : derivative.underDerivative(params);
      const outs = bind(prim, ins, own);
      return [outs, ...ruled(prim, ins, tangents, masks, (given) => derivative.jvp(given, ins, outs, own))];
    }
    case "constant":
      return [bind(prim, ins, params), []];
    case "structured":
      return derivative.jvp(ins, tangents, params, tools, masks);
    case "none":
      throw new DownhillError("derivative", `${prim.name} has no derivative: ${derivative.reason}`);
    default:
      return assertNever(derivative, "jvpEquation");
  }
}

/** Computes the tangents of results by a rule. Also returns which of them may contain masked zeros. */
function ruled(
  prim: Primitive,
  ins: readonly Tensor[],
  tangents: readonly Maybe[],
  masks: readonly boolean[],
  rule: (tangents: readonly Maybe[]) => readonly Maybe[],
): readonly [tangents: readonly Maybe[], masks: readonly boolean[]] {
  if (masks.includes(true)) return throughMasks(prim.name, tangents, masks, rule);
  const outs = rule(tangents);
  const isMasked = leavesZeros(prim, ins, tangents.map((t) => t && false)); // prettier-ignore
  return [outs, outs.map(() => isMasked)];
}

/** Tangents of a linear primitive: applies the primitive to the tangents, with zeros for operands without a tangent. */
export function movedBy(
  prim: Primitive,
  operands: "all" | readonly number[],
  ins: readonly Tensor[],
  tangents: readonly Maybe[],
  params: unknown,
): readonly Tensor[] {
  const moved = ins.map((x, i) => {
    if (operands === "all" || operands.includes(i)) return tangents[i] ?? zeros(x.type);
    if (tangents[i] !== undefined)
      throw internalError(`${prim.name}: operand ${i} has a tangent but no derivative`);
    return x;
  });
  return bind(prim, moved, params);
}

export interface JvpTracer extends Tracer {
  readonly primal: Tensor;
  readonly tangent: Tensor;
  /** True if the tangent may contain masked zeros (docs/masks.md). */
  readonly isMasked: boolean;
}

/**
 * Trace of forward mode. A value may have a tangent, and each primitive is replaced by its forward-mode rule. The trace
 * is open while the function runs.
 */
export class JvpTrace implements Trace {
  readonly kind = "jvp";
  readonly level: number;
  alive = true;
  readonly #tools: TransformTools;

  constructor(level: number, tools: TransformTools) {
    this.level = level;
    this.#tools = tools;
  }

  /**
   * Pairs a value with its tangent; returns the value itself if the tangent is missing. `isMasked` is true if the
   * tangent may contain masked zeros.
   */
  pair(primal: Tensor, tangent: Maybe, isMasked = false): Tensor {
    if (tangent === undefined) return primal;
    const tracer: JvpTracer = { trace: this, primal, tangent, isMasked };
    return new Tensor(primal.type, undefined, tracer);
  }

  primalOf(x: Tensor): Tensor {
    return this.#own(x)?.primal ?? x;
  }

  tangentOf(x: Tensor): Maybe {
    return this.#own(x)?.tangent;
  }

  process(prim: Primitive, ins: readonly Tensor[], params: unknown): readonly Tensor[] {
    const n = ins.length;
    const primals = new Array<Tensor>(n);
    const tangents = new Array<Maybe>(n);
    const masks = new Array<boolean>(n);
    for (let i = 0; i < n; i++) {
      const x = ins[i]!;
      const own = this.#own(x);
      primals[i] = own === undefined ? x : own.primal;
      tangents[i] = own === undefined ? undefined : own.tangent;
      masks[i] = own !== undefined && own.isMasked;
    }
    const tools = this.#tools;
    const run = (): DualResults => jvpEquation(prim, primals, tangents, masks, params, tools);
    const [outs, touts, masked] = differentiating(prim, primals, run);
    const results = new Array<Tensor>(outs.length);
    for (let i = 0; i < outs.length; i++) results[i] = this.pair(outs[i]!, touts[i], masked?.[i] !== false);
    return results;
  }

  #own({ tracer }: Tensor): JvpTracer | undefined {
    return tracer !== undefined && tracer.trace === this ? (tracer as JvpTracer) : undefined;
  }
}

export interface JvpProgram {
  readonly program: Program;
  readonly nonzeroOuts: readonly boolean[];
  readonly maskedOuts: readonly boolean[];
}

/**
 * Transforms a program to one that computes values and tangents. Inputs: values, then the tangents of the inputs marked
 * in `nonzero`. Outputs: values, then the tangents marked in `nonzeroOuts`. Outputs marked in `instantiate` have a
 * tangent even if it is zero. `masked` marks inputs, and `maskedOuts` outputs, whose tangents may contain masked zeros.
 */
export const jvpProgram: (
  program: Program,
  nonzero: readonly boolean[],
  instantiate: readonly boolean[],
  masked: readonly boolean[],
  tools: TransformTools,
) => JvpProgram = /* @__PURE__ */ memoizeProgram(
  (
    _,
    nonzero: readonly boolean[],
    instantiate: readonly boolean[],
    masked: readonly boolean[],
    __: TransformTools,
  ) => `jvp ${maskKey(nonzero)} ${maskKey(instantiate)} ${masked.includes(true) ? maskKey(masked) : ""}`,
  (program, nonzero, instantiate, masked, tools) => {
    const types = program.ins.map((v) => v.type);
    let [nonzeroOuts, maskedOuts]: [boolean[], boolean[]] = [[], []];
    const result = traceClosed(
      `jvp(${program.name})`,
      [...types, ...types.filter((_, i) => nonzero[i])],
      (...args) => {
        const values = new Map(program.ins.map((v, i) => [v, args[i]!]));
        const tangents = new Map<Var, Maybe>();
        const isMasked = new Set<Var>();
        let next = program.ins.length;
        program.ins.forEach((v, i) => {
          if (nonzero[i] !== true) return;
          tangents.set(v, args[next++]);
          if (masked[i] === true) isMasked.add(v);
        });
        for (const eqn of program.eqns) {
          const ins = eqn.ins.map((v) => values.get(v)!);
          const dIns = eqn.ins.map((v) => tangents.get(v));
          const masks = eqn.ins.map((v) => isMasked.has(v));
          const [outs, dOuts, maskedTangents] = withSource(eqn.source, () =>
            dIns.some((t) => t !== undefined)
              ? differentiating(eqn.prim, ins, () =>
                  jvpEquation(eqn.prim, ins, dIns, masks, eqn.params, tools),
                )
              : ([bind(eqn.prim, ins, eqn.params), []] as const),
          );
          eqn.outs.forEach((v, i) => {
            values.set(v, outs[i]!);
            tangents.set(v, dOuts[i]);
            if (dOuts[i] !== undefined && maskedTangents?.[i] !== false) isMasked.add(v);
          });
        }
        const dOuts = program.outs.map(
          (v, i) => tangents.get(v) ?? (instantiate[i] === true ? zeros(v.type) : undefined),
        );
        nonzeroOuts = dOuts.map((t) => t !== undefined);
        maskedOuts = program.outs.map((v) => tangents.get(v) === undefined || isMasked.has(v));
        return [...program.outs.map((v) => values.get(v)!), ...dOuts.filter((t) => t !== undefined)];
      },
    );
    return { program: result, nonzeroOuts, maskedOuts };
  },
);
