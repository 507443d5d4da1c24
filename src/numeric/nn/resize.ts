import { tensor } from "../array/create.ts";
import { mul } from "../array/elementwise.ts";
import { asFloating } from "../array/promote.ts";
import { sum } from "../array/reduce.ts";
import { reshape, take } from "../array/shape.ts";
import type { PerAxis } from "../array/spatial.ts";
import { perAxis, spaceRank } from "../array/spatial.ts";
import { adaptiveAvgPool } from "./pool.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkChoice, checkFlags, checkOptions } from "../../engine/errors/options.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { assertNever } from "../../engine/util/assert-never.ts";
import { range } from "../../engine/util/shape.ts";

/** Options of `resize`. */
export interface ResizeOptions {
  /**
   * Interpolation: the nearest element before, linear between two elements, cubic through four, or the mean of the
   * elements that a result covers. Default `"nearest"`, as in PyTorch.
   */
  readonly method?: ResizeMethod;
  /**
   * True to align the centres of the first and last elements, false to align the edges of the image. For `"linear"` and
   * `"cubic"`. Default false.
   */
  readonly alignCorners?: boolean;
  /**
   * True to smooth images that are reduced in size, which avoids aliasing. For `"linear"` and `"cubic"`. Default false.
   */
  readonly antialias?: boolean;
}

type ResizeMethod = "nearest" | "linear" | "cubic" | "area";

/**
 * Resizes images `[items, channels, …space]` along the spatial axes, to one size for all axes or one per axis. Like
 * PyTorch's `interpolate` with `size` and its modes `nearest`, `linear` (also bilinear and trilinear), `bicubic` and
 * `area`, each for any number of axes.
 *
 * Element i of m along an axis of size n is at position `(i + ½) · n / m − ½`, or at `i · (n − 1) / (m − 1)` with
 * `alignCorners`; `"nearest"` reads index ⌊i · n / m⌋ exactly. Beyond the ends, the outermost element is repeated.
 * Cubic uses Keys's kernel with a = −¾, which overshoots at edges. With `antialias` the kernel is stretched by n / m if
 * that exceeds 1, its weights are normalised over the existing elements, and Keys's kernel has a = −½, as in PyTorch.
 * Integers become float64, except for `"nearest"`, which keeps the dtype.
 *
 * @throws DownhillError `shape` if x has no spatial axis, or an empty one; `range` for sizes; `option`.
 * @see Keys, Cubic convolution interpolation for digital image processing, IEEE Trans. ASSP 29 (1981).
 * @example
 * resize([[[1, 3]]], 4).tolist();                       // [[[1, 1, 3, 3]]]
 * resize([[[1, 3]]], 4, { method: "linear" }).tolist(); // [[[1, 1.5, 2.5, 3]]]
 */
export function resize(x: TensorLike, sizes: PerAxis, options: ResizeOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("resize", arguments, 3);
  checkOptions("resize", options, ["method", "alignCorners", "antialias"]);
  checkFlags("resize", options, ["alignCorners", "antialias"]);
  const { method = "nearest", alignCorners = false, antialias = false } = options;
  checkChoice("resize", "method", method, ["nearest", "linear", "cubic", "area"]);
  if ((method === "nearest" || method === "area") && (alignCorners || antialias)) {
    const name = alignCorners ? "alignCorners" : "antialias";
    throw new DownhillError("option", `resize: ${name} is for the methods "linear" and "cubic" alone.`);
  }
  const t = method === "nearest" ? asTensor(x, "resize") : asFloating(x, "resize");
  const counts = perAxis("resize", "sizes", sizes, spaceRank("resize", t.type), 1);
  if (t.shape.slice(2).includes(0))
    throw new DownhillError("shape", `resize: x is ${showType(t.type)}, which has an empty spatial axis.`);
  if (method === "area") return adaptiveAvgPool(t, counts);
  return counts.reduce((image, m, a) => {
    const n = image.shape[a + 2]!;
    return m === n ? image : resizeAxis(image, a + 2, m, tapsOf(method, n, m, options));
  }, t);
}

/** An input element that contributes to an element of the result, with its weight. */
interface Tap {
  readonly place: number;
  readonly weight: number;
}

/**
 * x resized to m elements along an axis. Element i of the result is the weighted sum of the inputs `taps[i]`; all lists
 * of taps are equally long.
 */
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
  method: Exclude<ResizeMethod, "area">,
  n: number,
  m: number,
  { alignCorners = false, antialias = false }: ResizeOptions,
): readonly (readonly Tap[])[] {
  if (antialias && method !== "nearest") return smoothingTaps(method, n, m, alignCorners);
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
          weight: cubicKernel(Math.abs(at - before - k), -0.75),
        }));
      });
    default:
      return assertNever(method, "tapsOf");
  }
}

/**
 * Inputs and weights for a kernel that is stretched by the ratio of the sizes n / m. Weights are normalised over the
 * inputs that exist.
 */
function smoothingTaps(
  method: "linear" | "cubic",
  n: number,
  m: number,
  alignCorners: boolean,
): readonly (readonly Tap[])[] {
  const scale = alignCorners ? (m > 1 ? (n - 1) / (m - 1) : 0) : n / m;
  const stretch = Math.max(scale, 1);
  const support = (method === "linear" ? 1 : 2) * stretch;
  const kernel = (d: number): number => (method === "linear" ? 1 - d : cubicKernel(d, -0.5));
  const each = 2 * Math.ceil(support) + 1;
  return range(0, m).map((i) => {
    const centre = scale * (i + 0.5);
    const low = Math.max(Math.trunc(centre - support + 0.5), 0);
    const count = Math.min(Math.trunc(centre + support + 0.5), n) - low;
    const weights = range(0, count).map((k) => {
      const distance = Math.abs((low + k - centre + 0.5) / stretch);
      return distance * stretch < support ? kernel(distance) : 0;
    });
    const total = weights.reduce((partial, weight) => partial + weight, 0);
    // pads to equally many taps with weight 0
    return range(0, each).map((k) =>
      k < count ? { place: low + k, weight: weights[k]! / total } : { place: low, weight: 0 },
    );
  });
}

/** Keys's cubic interpolation kernel with parameter a at distance d; 0 for d ≥ 2. */
function cubicKernel(d: number, a: number): number {
  if (d >= 2) return 0;
  return d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : ((d - 5) * d + 8) * d * a - 4 * a;
}
