// Programs with fewer iterations, for programs that take too long for the oracle.
import type { Primitive, Program } from "../../engine/ir/index.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { withShape } from "../../engine/ir/types.ts";
import { part } from "../../engine/prims/index-ops.ts";
import { zeros } from "../../engine/prims/linear.ts";
import { concatenate } from "../../engine/prims/index.ts";
import { bind, evalProgram, traceClosed } from "../../engine/trace/index.ts";

/**
 * Limits each loop of known length to `most` iterations; `undefined` if no loop is longer. Loops use the first elements
 * of their arrays, and their array results are padded with zeros, so that all shapes stay.
 */
export function withShorterLoops(program: Program, most: number): Program | undefined {
  let isChanged = false;
  const shorten = (whole: Program): Program =>
    traceClosed(
      whole.name,
      whole.ins.map((v) => v.type),
      (...xs) => evalProgram(whole, xs, equation),
    );
  const equation = (prim: Primitive, ins: readonly Tensor[], params: unknown): readonly Tensor[] => {
    const parts = prim.loop?.parts?.(params);
    const rebuild = prim.loop?.rebuild;
    if (parts?.length === undefined || rebuild === undefined || parts.length <= most)
      return bind(prim, ins, params);
    isChanged = true;
    const { length, before, consts, carries } = parts;
    const firstArray = before + consts + carries;
    const given = ins.map((x, i) => (i < firstArray ? x : part(x, 0, 0, most)));
    const outs = bind(prim, given, rebuild(params, { ...parts, body: shorten(parts.body), length: most }));
    return outs.map((y, i) => {
      if (i < carries) return y;
      const rest = zeros(withShape(y.type, [length - most, ...y.shape.slice(1)]));
      return concatenate([y, rest], 0);
    });
  };
  const shorter = shorten(program);
  return isChanged ? shorter : undefined;
}
