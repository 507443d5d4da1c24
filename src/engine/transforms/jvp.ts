import { DownhillError, internalError } from "../errors/index.ts";
import type { Maybe, Primitive, Tools } from "../ir/primitive.ts";
import type { Program } from "../ir/program.ts";
import type { Trace, Tracer } from "../ir/tensor.ts";
import { Tensor } from "../ir/tensor.ts";
import { zeros } from "../prims/linear.ts";
import { bind } from "../trace/bind.ts";
import { differentiating, isDebugging } from "../trace/debug.ts";
import { withSource } from "../trace/source.ts";
import { traceClosed } from "../trace/staging.ts";
import { assertNever } from "../util/assert-never.ts";
import { memoizeProgram, maskKey } from "./memoize.ts";

type Dual = readonly [outs: readonly Tensor[], tangents: readonly Maybe[]];

/** Forward mode, one equation: the results of a primitive and their tangents, by its own rule. */
function jvpEquation(
  prim: Primitive,
  ins: readonly Tensor[],
  tangents: readonly Maybe[],
  params: unknown,
  tools: Tools,
): Dual {
  const { derivative } = prim;
  switch (derivative.kind) {
    case "linear": {
      const outs = bind(prim, ins, params);
      if (derivative.jvp !== undefined) return [outs, derivative.jvp(tangents, ins, params)];
      if (!tangents.some((t) => t !== undefined)) return [outs, []];
      const { operands } = derivative;
      const moved = ins.map((x, i) => {
        if (operands === "all" || operands.includes(i)) return tangents[i] ?? zeros(x.type);
        if (tangents[i] !== undefined)
          throw internalError(`${prim.name}: operand ${i} has a tangent but no derivative`);
        return x;
      });
      return [outs, bind(prim, moved, params)];
    }
    case "smooth": {
      const own = derivative.underDerivative === undefined ? params : derivative.underDerivative(params);
      const outs = bind(prim, ins, own);
      return [outs, derivative.jvp(tangents, ins, outs, own)];
    }
    case "constant":
      return [bind(prim, ins, params), []];
    case "structured":
      return derivative.jvp(ins, tangents, params, tools);
    case "none":
      throw new DownhillError("derivative", `${prim.name} has no derivative: ${derivative.reason}`);
    default:
      return assertNever(derivative, "jvpEquation");
  }
}

export interface JvpTracer extends Tracer {
  readonly primal: Tensor;
  readonly tangent: Tensor;
}

/**
 * The trace of forward mode: every value carries its tangent, every primitive is replaced by its differential analogue.
 * Open while a function runs.
 */
export class JvpTrace implements Trace {
  readonly kind = "jvp";
  readonly level: number;
  alive = true;
  readonly #tools: Tools;

  constructor(level: number, tools: Tools) {
    this.level = level;
    this.#tools = tools;
  }

  /** A value with its tangent; without one, the value itself. */
  pair(primal: Tensor, tangent: Maybe): Tensor {
    if (tangent === undefined) return primal;
    const tracer: JvpTracer = { trace: this, primal, tangent };
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
    for (let i = 0; i < n; i++) {
      const x = ins[i]!;
      const own = this.#own(x);
      primals[i] = own === undefined ? x : own.primal;
      tangents[i] = own === undefined ? undefined : own.tangent;
    }
    const tools = this.#tools;
    const [outs, touts] = isDebugging()
      ? differentiating(prim, primals, () => jvpEquation(prim, primals, tangents, params, tools))
      : jvpEquation(prim, primals, tangents, params, tools);
    const results = new Array<Tensor>(outs.length);
    for (let i = 0; i < outs.length; i++) results[i] = this.pair(outs[i]!, touts[i]);
    return results;
  }

  #own({ tracer }: Tensor): JvpTracer | undefined {
    return tracer !== undefined && tracer.trace === this ? (tracer as JvpTracer) : undefined;
  }
}

export interface JvpProgram {
  readonly program: Program;
  readonly nonzeroOuts: readonly boolean[];
}

/**
 * The program that computes values and tangents side by side. ins: values, then tangents of the inputs in `nonzero`;
 * outs: values, then the tangents that `nonzeroOuts` marks. Outputs in `instantiate` get a tangent even if it is zero.
 */
export const jvpProgram: (
  program: Program,
  nonzero: readonly boolean[],
  instantiate: readonly boolean[],
  tools: Tools,
) => JvpProgram = /* @__PURE__ */ memoizeProgram(
  (_, nonzero: readonly boolean[], instantiate: readonly boolean[], __: Tools) =>
    `jvp ${maskKey(nonzero)} ${maskKey(instantiate)}`,
  (program, nonzero, instantiate, tools) => {
    const types = program.ins.map((v) => v.type);
    let nonzeroOuts: boolean[] = [];
    const result = traceClosed(
      `jvp(${program.name})`,
      [...types, ...types.filter((_, i) => nonzero[i])],
      (...args) => {
        const values = new Map(program.ins.map((v, i) => [v, args[i]!]));
        const tangents = new Map<object, Maybe>();
        let next = program.ins.length;
        program.ins.forEach((v, i) => {
          if (nonzero[i] === true) tangents.set(v, args[next++]);
        });
        for (const eqn of program.eqns) {
          const ins = eqn.ins.map((v) => values.get(v)!);
          const dIns = eqn.ins.map((v) => tangents.get(v));
          const [outs, dOuts] = withSource(eqn.source, () =>
            dIns.some((t) => t !== undefined)
              ? differentiating(eqn.prim, ins, () => jvpEquation(eqn.prim, ins, dIns, eqn.params, tools))
              : [bind(eqn.prim, ins, eqn.params), []],
          );
          eqn.outs.forEach((v, i) => {
            values.set(v, outs[i]!);
            tangents.set(v, dOuts[i]);
          });
        }
        const dOuts = program.outs.map(
          (v, i) => tangents.get(v) ?? (instantiate[i] === true ? zeros(v.type) : undefined),
        );
        nonzeroOuts = dOuts.map((t) => t !== undefined);
        return [...program.outs.map((v) => values.get(v)!), ...dOuts.filter((t) => t !== undefined)];
      },
    );
    return { program: result, nonzeroOuts };
  },
);
