import type { Maybe, Primitive } from "../ir/primitive.ts";
import type { Trace, Tracer } from "../ir/tensor.ts";
import { Tensor } from "../ir/tensor.ts";
import { isFloating } from "../ir/types.ts";
import { bind, withTrace } from "../trace/bind.ts";

interface MaskedTangent extends Tracer {
  readonly value: Tensor;
  readonly isMasked: boolean;
}

/**
 * Trace of a forward-mode rule whose tangents may contain masked zeros (docs/masks.md). Products of these tangents with
 * known factors become masked products (`maskedMul`), so that an infinite slope does not turn such a 0 into NaN.
 */
class TangentTrace implements Trace {
  readonly kind = "tangent";
  readonly level: number;
  alive = true;

  constructor(level: number) {
    this.level = level;
  }

  wrap(value: Tensor, isMasked: boolean): Tensor {
    const tracer: MaskedTangent = { trace: this, value, isMasked };
    return new Tensor(value.type, undefined, tracer);
  }

  own({ tracer }: Tensor): MaskedTangent | undefined {
    return tracer !== undefined && tracer.trace === this ? (tracer as MaskedTangent) : undefined;
  }

  process(prim: Primitive, ins: readonly Tensor[], params: unknown): readonly Tensor[] {
    const owns = ins.map((x) => this.own(x));
    const values = ins.map((x, i) => owns[i]?.value ?? x);
    const operand = owns.findIndex((own) => own?.isMasked === true);
    const { derivative } = prim;
    const canMask = operand >= 0 && derivative.kind === "smooth" && isFloating(values[operand]!.dtype);
    const product = canMask ? derivative.masked?.(values, params, operand) : undefined;
    const outs = product === undefined ? bind(prim, values, params) : [product];
    const isMasked = leavesZeros(prim, ins, owns.map((own) => own?.isMasked)); // prettier-ignore
    return outs.map((out) => this.wrap(out, isMasked));
  }
}

/**
 * True if the tangents of an equation's results may contain masked zeros. `masks` is `undefined` for operands without a
 * tangent.
 *
 * @param masks for each operand, true if its tangent may contain such zeros; `undefined` if it has no tangent.
 */
export function leavesZeros(
  { derivative }: Primitive,
  ins: readonly Tensor[],
  masks: readonly (boolean | undefined)[],
): boolean {
  const isAnyMasked = masks.includes(true);
  switch (derivative.kind) {
    case "linear": {
      if (derivative.zeros === "always") return true;
      if (derivative.zeros === "sum") return isAnyMasked && !masks.includes(false);
      const { operands } = derivative;
      return (
        isAnyMasked ||
        masks.some((mask, i) => mask === undefined && (operands === "all" || operands.includes(i)))
      );
    }
    case "smooth": {
      const isLeft = (mask: boolean | undefined, i: number): boolean =>
        mask === undefined && isFloating(ins[i]!.dtype);
      return isAnyMasked || (derivative.chooses === true && masks.some(isLeft));
    }
    case "constant":
    case "structured":
    case "none":
      return true;
  }
}

/**
 * Applies a forward-mode rule so that products with the tangents marked in `masks` are masked products. Returns the
 * tangents of the results and their masks.
 */
export function throughMasks(
  operation: string,
  tangents: readonly Maybe[],
  masks: readonly boolean[],
  rule: (tangents: readonly Maybe[]) => readonly Maybe[],
): readonly [tangents: readonly Maybe[], masks: readonly boolean[]] {
  return withTrace(
    operation,
    (level) => new TangentTrace(level),
    (trace) => {
      const outs = rule(tangents.map((t, i) => t && trace.wrap(t, masks[i] === true)));
      return [
        outs.map((t) => t && (trace.own(t)?.value ?? t)),
        outs.map((t) => t !== undefined && trace.own(t)?.isMasked !== false),
      ];
    },
  );
}
