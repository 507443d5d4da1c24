import { tensor } from "../../numeric/array/create.ts";
import { add, astype, square, sub } from "../../numeric/array/elementwise.ts";
import { sum } from "../../numeric/array/reduce.ts";
import { expandDims, take } from "../../numeric/array/shape.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkFlags, checkNeededOptions } from "../../engine/errors/options.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { orderOf, uniformNow } from "../../numeric/random/at-once.ts";
import { foldIn, key } from "../../numeric/random/index.ts";
import { makeJitted as jit } from "../../engine/runtime/jitted.ts";
import { grad } from "../../engine/transforms/index.ts";
import { scan } from "../../engine/transforms/structured.ts";
import { flatten, unflatten } from "../../engine/tree/index.ts";
import { geometric } from "./numbers.ts";

/** Options of `gradientVariance`. */
export interface GradientVarianceOptions<P, B> {
  /** Function that returns the mean loss of a batch. */
  readonly loss: (params: P, batch: B) => Tensor;
  /** Parameters at which gradients are computed. */
  readonly params: P;
  /** All items, in the structure of a batch. The first axis of each array counts the items. */
  readonly data: B;
  /**
   * Batch sizes to measure. Default: powers of 4 from 1 to at most the number of items; 1 and 4 for fewer than 4 items.
   */
  readonly batchSizes?: readonly number[];
  /** Number of random batches per size. Default 200. */
  readonly repeats?: number;
  /**
   * Whether batches are drawn with replacement (default true). Without replacement, as in an epoch, the variance is
   * multiplied by `(n − b)/(n − 1)`, which is 0 for the full batch.
   */
  readonly replacement?: boolean;
  /** Seed of the random batches. Default 0. */
  readonly seed?: number;
}

/** Variance of the gradients of batches of one size b around the gradient g over all items. */
export interface VarianceOfBatches {
  readonly batchSize: number;
  /** Mean of `‖g_b − g‖²` over the random batches, where `g_b` is the gradient of a batch. */
  readonly measured: number;
  /**
   * Theoretical variance: `tr Σ / b`, times `(n − b)/(n − 1)` without replacement, for n items; `tr Σ` is `ofOneItem`.
   */
  readonly predicted: number;
}

/** Result of `gradientVariance`. */
export interface GradientVariance {
  /** Number of items. */
  readonly items: number;
  /** Variance of the gradient of one item, `tr Σ`: the mean of `‖g_i − g‖²` over all items. */
  readonly ofOneItem: number;
  /** Squared length `‖g‖²` of the gradient g over all items. */
  readonly squaredNorm: number;
  readonly batches: readonly VarianceOfBatches[];
}

/**
 * Measures the variance of mini-batch gradients around the gradient over all items, with random batches of several
 * sizes, and predicts it from the gradients of single items. The variance falls as 1/b: four times the items halve the
 * error.
 *
 * @throws DownhillError `option`, `range` or `data` for invalid options.
 * @example
 * const { batches } = gradientVariance({
 *   loss: (p, { x }) => square(sub(x, p)).mean(),
 *   params: tensor(0),
 *   data: { x: tensor([-2, 0, 0, 2]) }, // gradients −2x: 4, 0, 0, −4
 *   batchSizes: [1, 4],
 * });
 * batches.map(({ predicted }) => predicted); // [8, 2]
 */
export function gradientVariance<P, B>(options: GradientVarianceOptions<P, B>): GradientVariance {
  if (arguments.length > 1) refuseExtra("gradientVariance", arguments, 1);
  const { loss, params, data, batchSizes, repeats, replacement, seed, items } = checked(options);
  const { def, leaves } = flatten(data, "gradientVariance");
  const columns = leaves as Tensor[];
  const slope = (places: Tensor, all: readonly Tensor[]): Tensor[] => {
    const batch = unflatten(
      def,
      all.map((column) => take(column, places)),
    ) as B;
    const gradient = grad((p: P) => loss(p, batch)) as (p: P) => P;
    return flatten(gradient(params), "gradientVariance").leaves as Tensor[];
  };
  const squared = (parts: readonly Tensor[]): Tensor =>
    parts.map((part) => sum(square(part))).reduce((a, b) => add(a, b));

  const everything = tensor(
    Int32Array.from({ length: items }, (_, i) => i),
    { dtype: "int32" },
  );
  const mean = jit(slope)(everything, columns);
  const apart = (places: Tensor, all: readonly Tensor[], centre: readonly Tensor[]): Tensor =>
    astype(squared(slope(places, all).map((part, i) => sub(part, centre[i]!))), "float64");
  const single = jit((places: Tensor, all: readonly Tensor[], centre: readonly Tensor[]) =>
    scan(
      (total: Tensor, place: Tensor) => [add(total, apart(expandDims(place, 0), all, centre)), null] as const,
      0,
      places,
    ),
  )(everything, columns, mean)[0];
  const ofOneItem = single.item() / items;

  const distance = jit(apart);
  const batches = batchSizes.map((b) => {
    let total = 0;
    for (let r = 0; r < repeats; r++) {
      const draw = foldIn(foldIn(key(seed), b), r);
      const places = replacement
        ? Int32Array.from(uniformNow(draw, b), (u) => Math.min(items - 1, Math.floor(u * items)))
        : Int32Array.from(orderOf(draw, items).slice(0, b));
      total += distance(tensor(places, { dtype: "int32" }), columns, mean).item();
    }
    const correction = replacement ? 1 : items === 1 ? 0 : (items - b) / (items - 1);
    return { batchSize: b, measured: total / repeats, predicted: (ofOneItem / b) * correction };
  });
  return { items, ofOneItem, squaredNorm: jit(squared)(mean).item(), batches };
}

function checked<P, B>(
  options: GradientVarianceOptions<P, B>,
): Required<GradientVarianceOptions<P, B>> & { readonly items: number } {
  const name = "gradientVariance";
  checkNeededOptions(name, options, [
    "loss",
    "params",
    "data",
    "batchSizes",
    "repeats",
    "replacement",
    "seed",
  ]);
  checkFlags(name, options, ["replacement"]);
  const { loss, params, data, repeats = 200, replacement = true, seed = 0 } = options;
  if (typeof loss !== "function") {
    throw new DownhillError("option", `${name}: loss must be a function (params, batch) => a scalar tensor.`);
  }
  const sizes = flatten(data, name).leaves.map((leaf) => (leaf as Tensor).shape?.[0]);
  const items = sizes[0];
  if (items === undefined || items < 1 || sizes.some((size) => size !== items)) {
    throw new DownhillError(
      "data",
      `${name}: data must be tensors whose first axis counts the items, such as { x: f64[100,3], y: f64[100] }; first axes here: ${sizes.map(String).join(", ")}.`,
    );
  }
  const steps = Math.max(1, Math.floor(Math.log2(items) / 2));
  const batchSizes = options.batchSizes ?? geometric(1, 4 ** steps, steps + 1).map(Math.round);
  for (const b of batchSizes) {
    if (Number.isInteger(b) && b >= 1 && (replacement || b <= items)) continue;
    throw new DownhillError(
      "range",
      `${name}: batchSizes must be integers from 1 to ${items}, the number of items; got ${String(b)}.`,
    );
  }
  if (!Number.isInteger(repeats) || repeats < 1) {
    throw new DownhillError(
      "range",
      `${name}: repeats must be an integer of 1 or more, got ${String(repeats)}.`,
    );
  }
  return { loss, params, data, batchSizes, repeats, replacement, seed, items };
}

/** Returns a data set with all items repeated: `times` copies of each array, concatenated along the first axis. */
export function repeatItems<B>(data: B, times: number): B {
  if (arguments.length > 2) refuseExtra("repeatItems", arguments, 2);
  const { def, leaves } = flatten(data, "repeatItems");
  const copies = (leaves as Tensor[]).map((column) => {
    const n = column.shape[0]!;
    const places = Int32Array.from({ length: n * times }, (_, i) => i % n);
    return take(column, tensor(places, { dtype: "int32" }));
  });
  return unflatten(def, copies) as B;
}
