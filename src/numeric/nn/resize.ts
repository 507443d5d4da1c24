import { tensor } from "../array/create.ts";
import { mul } from "../array/elementwise.ts";
import { asFloating } from "../array/promote.ts";
import { sum } from "../array/reduce.ts";
import { reshape, take } from "../array/shape.ts";
import type { PerAxis } from "../array/spatial.ts";
import { perAxis, spaceRank } from "../array/spatial.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkChoice, checkFlags, checkOptions } from "../../engine/errors/options.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { assertNever } from "../../engine/util/assert-never.ts";
import { range } from "../../engine/util/shape.ts";

/** Options of `resize`. */
export interface ResizeOptions {
  /** The nearest element before, straight lines between two, or cubic curves through four. Default `"nearest"`, as in PyTorch. */
  readonly method?: ResizeMethod;
  /** Whether the first and last elements stay the corners; else the edges of the image stay. Not for `"nearest"`. Default false. */
  readonly alignCorners?: boolean;
}

type ResizeMethod = "nearest" | "linear" | "cubic";

/**
 * Images `[items, channels, …space]` with other sizes along the axes of space, one size for all or one for each: PyTorch's `interpolate` with
 * `size`, its `nearest`, `linear` (also bilinear and trilinear) and `bicubic`, each for any number of axes.
 *
 * Element i of m along an axis of n stands at place `(i + ½) · n / m − ½`, or at `i · (n − 1) / (m − 1)` with `alignCorners`; the nearest is
 * ⌊i · n / m⌋, exactly. Beyond the ends the last element comes again. Cubic is Keys's kernel with a = −¾, which overshoots at edges.
 * Nothing is smoothed first: images that become much smaller alias (PyTorch's `antialias` is not there). Integers become float64,
 * but for `"nearest"`, which keeps the dtype.
 *
 * @throws DownhillError `shape` if x has no axis of space, or an empty one; `range` for sizes; `option`.
 * @see Keys, Cubic convolution interpolation for digital image processing, IEEE Trans. ASSP 29 (1981).
 * @example
 * resize([[[1, 3]]], 4).tolist();                       // [[[1, 1, 3, 3]]]
 * resize([[[1, 3]]], 4, { method: "linear" }).tolist(); // [[[1, 1.5, 2.5, 3]]]
 */
export function resize(x: TensorLike, sizes: PerAxis, options: ResizeOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("resize", arguments, 3);
  checkOptions("resize", options, ["method", "alignCorners"]);
  checkFlags("resize", options, ["alignCorners"]);
  const { method = "nearest", alignCorners = false } = options;
  checkChoice("resize", "method", method, ["nearest", "linear", "cubic"]);
  if (method === "nearest" && alignCorners)
    throw new DownhillError("option", 'resize: alignCorners is for the methods "linear" and "cubic" alone.');
  const t = method === "nearest" ? asTensor(x, "resize") : asFloating(x, "resize");
  const counts = perAxis("resize", "sizes", sizes, spaceRank("resize", t.type), 1);
  if (t.shape.slice(2).includes(0))
    throw new DownhillError(
      "shape",
      `resize: x is ${showType(t.type)}, without a place along an axis of space.`,
    );
  return counts.reduce((image, m, a) => {
    const n = image.shape[a + 2]!;
    return m === n ? image : resizeAxis(image, a + 2, m, tapsOf(method, n, m, alignCorners));
  }, t);
}

/** An element that a result is made of. */
interface Tap {
  readonly place: number;
  readonly weight: number;
}

/** x with an axis of m results, each the weighted sum of its taps, as many for each. */
function resizeAxis(x: Tensor, axis: number, m: number, taps: readonly (readonly Tap[])[]): Tensor {
  const each = taps[0]!.length;
  const places = tensor(
    taps.map((own) => own.map(({ place }) => place)),
    { dtype: "int32" },
  );
  if (each === 1) return take(x, reshape(places, [m]), { axis });
  const weights = tensor(
    taps.map((own) => own.map(({ weight }) => weight)),
    { dtype: x.dtype },
  );
  const behind = x.shape.slice(axis + 1).map(() => 1);
  return sum(mul(take(x, places, { axis }), reshape(weights, [m, each, ...behind])), { axis: axis + 1 });
}

function tapsOf(
  method: ResizeMethod,
  n: number,
  m: number,
  alignCorners: boolean,
): readonly (readonly Tap[])[] {
  const within = (place: number): number => Math.min(Math.max(place, 0), n - 1);
  const corner = m > 1 ? (n - 1) / (m - 1) : 0;
  const centre = (i: number): number => (alignCorners ? i * corner : ((i + 0.5) * n) / m - 0.5);
  switch (method) {
    case "nearest":
      return range(0, m).map((i) => [{ place: Math.floor((i * n) / m), weight: 1 }]);
    case "linear":
      return range(0, m).map((i) => {
        const at = Math.max(centre(i), 0);
        const before = within(Math.floor(at));
        const part = at - before;
        return [
          { place: before, weight: 1 - part },
          { place: within(before + 1), weight: part },
        ];
      });
    case "cubic":
      return range(0, m).map((i) => {
        const at = centre(i);
        const before = Math.floor(at);
        return [-1, 0, 1, 2].map((k) => ({
          place: within(before + k),
          weight: cubicKernel(Math.abs(at - before - k)),
        }));
      });
    default:
      return assertNever(method, "tapsOf");
  }
}

/** Keys's kernel with a = −¾ at a distance of at most 2. */
function cubicKernel(d: number): number {
  const a = -0.75;
  return d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : ((d - 5) * d + 8) * d * a - 4 * a;
}
