import type { Primitive, TransformTools } from "../ir/primitive.ts";
import type { Program, Var } from "../ir/program.ts";
import type { Trace, Tracer } from "../ir/tensor.ts";
import { Tensor } from "../ir/tensor.ts";
import { withShape } from "../ir/types.ts";
import { batchAlong } from "../prims/index-ops.ts";
import { bind } from "../trace/bind.ts";
import { withSource } from "../trace/source.ts";
import { traceClosed } from "../trace/staging.ts";
import { maskKey, memoizeProgram } from "./memoize.ts";

interface BatchedResults {
  readonly outs: readonly Tensor[];
  readonly batched: readonly boolean[];
}

/** Applies one equation to a batch, which is in axis 0 of the marked operands. */
function batchEquation(
  prim: Primitive,
  ins: readonly Tensor[],
  batched: readonly boolean[],
  size: number,
  params: unknown,
  tools: TransformTools,
): BatchedResults {
  if (!batched.includes(true)) {
    const outs = bind(prim, ins, params);
    return { outs, batched: outs.map(() => false) };
  }
  if (prim.batch !== "elementwise") return prim.batch(ins, batched, size, params, tools);
  const outs = bind(
    prim,
    ins.map((x, i) => (batched[i] === true ? x : batchAlong(x, size))),
    params,
  );
  return { outs, batched: outs.map(() => true) };
}

interface BatchTracer extends Tracer {
  readonly value: Tensor; // batch in axis 0
}

/**
 * Trace of `vmap`. A value that differs between items holds all items along axis 0. The trace is open while the
 * function runs.
 */
export class BatchTrace implements Trace {
  readonly kind = "vmap";
  readonly level: number;
  readonly size: number;
  alive = true;
  readonly #tools: TransformTools;

  constructor(level: number, size: number, tools: TransformTools) {
    this.level = level;
    this.size = size;
    this.#tools = tools;
  }

  /**
   * Wraps a value that has the batch in axis 0, so that it represents one item; a value that all items share is
   * returned unchanged.
   */
  wrap(value: Tensor, batched: boolean): Tensor {
    if (!batched) return value;
    const tracer: BatchTracer = { trace: this, value };
    return new Tensor(withShape(value.type, value.shape.slice(1)), undefined, tracer);
  }

  /** Returns a value with the batch in axis 0. A value that all items share is repeated along this axis. */
  unwrap(x: Tensor): Tensor {
    return this.#own(x)?.value ?? batchAlong(x, this.size);
  }

  process(prim: Primitive, ins: readonly Tensor[], params: unknown): readonly Tensor[] {
    const tracers = ins.map((x) => this.#own(x));
    const result = batchEquation(
      prim,
      ins.map((x, i) => tracers[i]?.value ?? x),
      tracers.map((t) => t !== undefined),
      this.size,
      params,
      this.#tools,
    );
    return result.outs.map((out, i) => this.wrap(out, result.batched[i] === true));
  }

  #own(x: Tensor): BatchTracer | undefined {
    return x.tracer?.trace === this ? (x.tracer as BatchTracer) : undefined;
  }
}

export interface BatchProgram {
  readonly program: Program;
  readonly batchedOuts: readonly boolean[];
}

/** Program over a batch along axis 0 of the marked inputs. Outputs in `instantiate` are always batched. */
export const batchProgram: (
  program: Program,
  size: number,
  batched: readonly boolean[],
  instantiate: readonly boolean[],
  tools: TransformTools,
) => BatchProgram = /* @__PURE__ */ memoizeProgram(
  (_, size: number, batched: readonly boolean[], instantiate: readonly boolean[], __: TransformTools) =>
    `batch ${size} ${maskKey(batched)} ${maskKey(instantiate)}`,
  (program, size, batched, instantiate, tools) => {
    let batchedOuts: boolean[] = [];
    const types = program.ins.map((v, i) =>
      batched[i] === true ? withShape(v.type, [size, ...v.type.shape]) : v.type,
    );
    const result = traceClosed(`vmap(${program.name})`, types, (...args) => {
      const env = new Map<Var, { readonly value: Tensor; readonly batched: boolean }>();
      program.ins.forEach((v, i) => env.set(v, { value: args[i]!, batched: batched[i] === true }));
      for (const eqn of program.eqns) {
        const ins = eqn.ins.map((v) => env.get(v)!);
        const { outs, batched: marks } = withSource(eqn.source, () =>
          batchEquation(
            eqn.prim,
            ins.map((x) => x.value),
            ins.map((x) => x.batched),
            size,
            eqn.params,
            tools,
          ),
        );
        eqn.outs.forEach((v, i) => env.set(v, { value: outs[i]!, batched: marks[i] === true }));
      }
      const outs = program.outs.map((v, i) => {
        const out = env.get(v)!;
        return instantiate[i] === true && !out.batched
          ? { value: batchAlong(out.value, size), batched: true }
          : out;
      });
      batchedOuts = outs.map((out) => out.batched);
      return outs.map((out) => out.value);
    });
    return { program: result, batchedOuts };
  },
);
