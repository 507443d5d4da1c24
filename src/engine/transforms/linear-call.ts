import { linearMap } from "../prims/custom.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { interned } from "../trace/intern.ts";
import { traceProgram } from "../trace/staging.ts";
import { closeRule } from "./custom.ts";
import "./program-tools.ts";

/** A linear map and its transpose as separate functions, which must agree. */
export interface LinearCall {
  /** Types of the results. */
  readonly outs: readonly ArrayType[];
  readonly forward: (residuals: readonly Tensor[], x: readonly Tensor[]) => readonly Tensor[];
  readonly transposed: (residuals: readonly Tensor[], cts: readonly Tensor[]) => readonly Tensor[];
}

/**
 * Applies a linear map to `x`. Reverse mode uses `transposed` instead of the transpose of `forward`. Derivatives in the
 * residuals are those of `forward` in forward mode, and those of `transposed` in a reverse pass. All values are floating
 * except residuals. Zeros of masked cotangents are ordinary zeros within the map.
 */
export function linearCall(
  name: string,
  { outs, forward, transposed }: LinearCall,
  residuals: readonly Tensor[],
  x: readonly Tensor[],
): readonly Tensor[] {
  const count = residuals.length;
  const types = residuals.map((r) => r.type);
  const parts = [
    traceProgram(name, [...types, ...x.map((t) => t.type)], (...xs) =>
      forward(xs.slice(0, count), xs.slice(count)),
    ),
    traceProgram(`transposed(${name})`, [...types, ...outs], (...xs) =>
      transposed(xs.slice(0, count), xs.slice(count)),
    ),
  ];
  const captured = [...new Set(parts.flatMap((part) => [...part.captured]))];
  const [pushforward, backward] = parts.map((part) => interned(closeRule(part, captured, 0)));
  return linearMap([...captured, ...residuals, ...x], {
    pushforward: pushforward!,
    backward: backward!,
    residuals: captured.length + count,
    isOpaque: true,
  });
}
