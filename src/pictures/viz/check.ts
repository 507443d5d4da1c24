import type { Program, Tensor, Var } from "../../engine/ir/index.ts";
import { isFloating } from "../../engine/ir/index.ts";
import { fromFlat } from "../../engine/prims/lift.ts";
import { evalProgram } from "../../engine/trace/index.ts";
import { must } from "../../engine/util/assert-never.ts";
import { sizeOf } from "../../engine/util/shape.ts";
import { elements } from "./show.ts";
import type { Check, CheckEntry } from "./table.ts";

const mostEach = 16; // maximum number of checked elements per array
const mostEachOfMany = 4; // the same for a slow program: each element needs at least four runs
const many = 200_000; // total elements of all values above which a program counts as slow

/** A program, its arguments, and the gradient to check at them. */
export interface CheckRequest {
  readonly program: Program;
  readonly args: readonly Tensor[];
  readonly wrt: readonly Var[];
  readonly gradients: ReadonlyMap<Var, Tensor>;
  readonly nameOf: (v: Var) => string;
}

/**
 * Compares a gradient with central differences `(f(x + h) − f(x − h)) / 2h`, with `h` near the cube root of the
 * rounding unit. An element passes if its relative error is at most 1e-6 (1e-2 in float32). Added to this tolerance are
 * twice the change of the difference quotient when `h` is halved, and the rounding error of the values. At a kink, an
 * element passes if it is between the two one-sided slopes.
 */
export function checkGradient({ program, args, wrt, gradients, nameOf }: CheckRequest): Check {
  const entries: CheckEntry[] = [];
  let skipped = 0;
  const single = [...args, ...program.ins].some(({ type }) => type.dtype === "float32");
  const [step, tolerance, rounding] = single ? [5e-3, 1e-2, 2 ** -22] : [6e-6, 1e-6, 2 ** -51];

  const size = program.eqns.reduce(
    (sum, eqn) => sum + eqn.outs.reduce((n, v) => n + sizeOf(v.type.shape), 0),
    0,
  );
  const most = size > many ? mostEachOfMany : mostEach;

  program.ins.forEach((v, k) => {
    if (!wrt.includes(v) || !isFloating(v.type.dtype)) return;
    const point = elements(must(args[k], "an argument"));
    const gradient = gradients.get(v);
    const slopes = gradient === undefined ? point.map(() => 0) : elements(gradient);
    const places = spread(sizeOf(v.type.shape), most);
    skipped += point.length - places.length;
    const value = (i: number, shift: number): number => {
      const moved = point.map((x, j) => (j === i ? x + shift : x));
      const outs = evalProgram(
        program,
        args.map((x, j) => (j === k ? fromFlat(v.type, moved) : x)),
      );
      const sum = elements(must(outs[0], "a result")).reduce((a, b) => a + b, 0);
      magnitude = Math.max(magnitude, Math.abs(sum));
      return sum;
    };
    const along = (i: number, h: number): number => (value(i, h) - value(i, -h)) / (2 * h);
    let magnitude = 0; // largest absolute value, which bounds the rounding error of the differences
    for (const i of places) {
      const x = Math.abs(must(point[i], "an element"));
      // Near the edge of a domain, such as that of sqrt near 0, only a step proportional to x stays inside.
      const h =
        [step * Math.max(1, x), step * x].find((candidate) => Number.isFinite(along(i, candidate))) ?? step;
      magnitude = 0;
      const difference = along(i, h);
      const doubt = Math.abs(along(i, h / 2) - difference);
      const slope = must(slopes[i], "an element");
      const error = Math.abs(slope - difference);
      const noise = (rounding * magnitude) / h;
      const allowed = tolerance * Math.max(1, Math.abs(slope)) + 2 * doubt + noise;
      const kink = kinkAt((shift) => value(i, shift), h, 1e3 * tolerance + 4 * noise);
      entries.push({
        of: nameOf(v) + indexText(v.type.shape, i),
        gradient: slope,
        difference,
        error,
        ok:
          kink === null
            ? Number.isFinite(error) && error <= allowed
            : slope >= Math.min(...kink) - allowed && slope <= Math.max(...kink) + allowed,
        kink,
      });
    }
  });
  const largestError = entries.reduce(
    (largest, { error }) => (error > largest || Number.isNaN(error) ? error : largest),
    0,
  );
  return { ok: entries.every(({ ok }) => ok), largestError, entries, skipped };
}

/** Returns the slopes to the left and to the right of a kink; `null` if there is no kink. */
function kinkAt(
  value: (shift: number) => number,
  h: number,
  least: number,
): readonly [left: number, right: number] | null {
  const middle = value(0);
  const sides = (step: number): readonly [number, number] => [
    (middle - value(-step)) / step,
    (value(step) - middle) / step,
  ];
  const [left, right] = sides(h);
  const [nearLeft, nearRight] = sides(h / 2);
  const ratio = (nearRight - nearLeft) / (right - left);
  return Math.abs(right - left) > least && Math.abs(ratio - 1) < 0.1 ? [nearLeft, nearRight] : null;
}

/** Returns at most `most` of the indices 0 … n − 1, evenly spaced. */
function spread(n: number, most: number): number[] {
  if (n <= most) return Array.from({ length: n }, (_, i) => i);
  return Array.from({ length: most }, (_, i) => Math.floor((i * n) / most));
}

/** Returns the index of an element as text, such as `[2,3]`, from its flat index; empty for a scalar. */
function indexText(shape: readonly number[], flat: number): string {
  if (shape.length === 0) return "";
  const index: number[] = [];
  let rest = flat;
  for (const size of shape.toReversed()) {
    index.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return `[${index.join(",")}]`;
}
