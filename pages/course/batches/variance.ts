// Variance of a batch gradient around the gradient over all items.
import { grad, type Tensor, tensor, vmap } from "downhill";
import { makeJitted as jit } from "../../../src/engine/runtime/jitted.ts";
import * as random from "downhill/random";
import type { Point } from "../../../src/pictures/landscapes/landscape.ts";
import { batchSizes, type LineData, loss, ownData } from "./line.ts";

/** Variance of the gradients of batches of one size. */
interface VarianceOfBatches {
  readonly batchSize: number;
  /** Mean of `‖g_b − g‖²` over the random batches. */
  readonly measured: number;
  /** Theoretical variance, `σ²/b`. */
  readonly predicted: number;
}

/** Variance of gradients at a point. */
export interface Scatter {
  /** σ²: the mean of `‖g_i − g‖²` over all items. */
  readonly ofOneItem: number;
  /** `‖g‖²`, where g is the gradient over all items. */
  readonly squaredNorm: number;
  readonly batches: readonly VarianceOfBatches[];
}

/** Number of random batches per size, drawn with replacement. */
export const repeats = 400;

const gradients = /* @__PURE__ */ jit((line: Tensor, x: Tensor, y: Tensor) =>
  vmap((at: Tensor, of: Tensor) =>
    grad((p: Tensor) => loss(p, { x: at.reshape([1]), y: of.reshape([1]) }))(line),
  )(x, y),
);

const drawn = new Map<string, Int32Array>(); // cache by size and number of items; it has few entries

/** Item indices of all random batches of a size. */
function drawsOf(size: number, count: number): Int32Array {
  const name = `${size} ${count}`;
  let picked = drawn.get(name);
  if (picked === undefined) {
    const key = random.foldIn(random.key(3), size);
    picked = Int32Array.from(random.randint(key, [repeats * size], 0, count).data() as Int32Array);
    drawn.set(name, picked);
  }
  return picked;
}

/**
 * Variance of the gradient by batch size at a line, measured with random batches and by theory. The gradient of a batch
 * is the mean of the single-item gradients, which the engine computes.
 */
export function scatterAt(line: Point, { items, count }: LineData = ownData): Scatter {
  const each = gradients(tensor([...line], { dtype: "float64" }), items.x, items.y).tolist() as number[][];
  const whole = meanOf(
    each,
    Int32Array.from(each, (_, i) => i),
    0,
    count,
  );
  const ofOneItem = each.reduce((total, g) => total + squaredDistance(g, whole), 0) / count;
  const sizes = batchSizes.filter((size) => size <= count);
  const batches = sizes.map((batchSize) => {
    const picked = drawsOf(batchSize, count);
    let total = 0;
    for (let r = 0; r < repeats; r++) {
      total += squaredDistance(meanOf(each, picked, r * batchSize, batchSize), whole);
    }
    return { batchSize, measured: total / repeats, predicted: ofOneItem / batchSize };
  });
  return { ofOneItem, squaredNorm: squaredDistance(whole, [0, 0]), batches };
}

function meanOf(
  each: readonly (readonly number[])[],
  picked: Int32Array,
  from: number,
  count: number,
): readonly number[] {
  let [a, b] = [0, 0];
  for (let i = from; i < from + count; i++) {
    const g = each[picked[i]!]!;
    a += g[0]!;
    b += g[1]!;
  }
  return [a / count, b / count];
}

function squaredDistance(a: readonly number[], b: readonly number[]): number {
  return (a[0]! - b[0]!) ** 2 + (a[1]! - b[1]!) ** 2;
}
