// A path around discs: points of a curve with locally minimal cost.
import {
  add,
  jit,
  matmul,
  maximum,
  mul,
  type NestedNumbers,
  norm,
  square,
  sub,
  sum,
  type Tensor,
  tensor,
} from "downhill";
import { solver } from "downhill/optim";
import type { Point } from "../../../src/pictures/landscapes/landscape.ts";

/** A disc that the path must not enter. */
export interface Disc {
  readonly at: Point;
  readonly radius: number;
}

/** Requirements on a path. */
export interface Task {
  readonly start: Point;
  readonly goal: Point;
  readonly discs: readonly Disc[];
  /** Weight of bending relative to length. */
  readonly stiffness: number;
  /** Distance from discs below which a path has extra cost. */
  readonly clearance: number;
}

/** A path at which a descent ended. */
export interface Way {
  /** Points of the path, from the start to the goal. */
  readonly path: readonly Point[];
  /** Returns the points of the path after an iteration, counted from 0. */
  readonly pathAfter: (iteration: number) => readonly Point[];
  /** Cost after each iteration. */
  readonly costs: readonly number[];
  /** Minimum distance between the path and the edge of a disc; negative if the path enters one. */
  readonly gap: number;
  readonly length: number;
}

const waves = 14; // number of waves added to the straight line
const pieces = 60;
const penalty = 4e3; // weight of the squared intrusion, integrated along the path; large enough that a bent path intrudes by only a few hundredths

const numbers = Array.from({ length: waves }, (_, i) => i + 1);
const times = Array.from({ length: pieces + 1 }, (_, i) => i / pieces);
/**
 * sin(kπt)/k², one row per time. With this scaling, the bending of each wave costs equally much, so that descent is
 * fast.
 */
const basis = times.map((t) => numbers.map((k) => Math.sin(k * Math.PI * t) / k ** 2));
/** Integrals of the squared first and second derivative of each wave. */
const stretch = numbers.map((k) => [(Math.PI / k) ** 2 / 2]);
const bend = numbers.map(() => [Math.PI ** 4 / 2]);

/** Points of the path at all times, from the coefficients of its waves. */
function pathOf(heights: Tensor, ends: Tensor): Tensor {
  const line = times.map((t) => [1 - t, t]);
  return add(matmul(line, ends), matmul(basis, heights));
}

/** Cost of a path: its length, its bending, and its intrusion into the clearance of discs. */
function costOf(heights: Tensor, ends: Tensor, discs: Tensor, stiffness: Tensor, clearance: Tensor): Tensor {
  const squares = square(heights);
  const length = add(sum(square(sub(ends.at(1), ends.at(0)))), sum(mul(squares, stretch)));
  const bending = mul(stiffness, sum(mul(squares, bend)));
  const points = pathOf(heights, ends).reshape([pieces + 1, 1, 2]);
  const distances = sub(norm(sub(points, discs.at(null, [0, 1])), { axis: 2 }), discs.at(null, 2));
  const within = sum(square(maximum(sub(clearance, distances), 0)));
  return add(add(length, bending), mul(within, penalty / pieces));
}

/** An iterate of a descent. */
interface Iterate {
  readonly heights: Tensor;
  readonly cost: number;
}

let iterates: Iterate[] = [];
const descend = solver(costOf, {
  gradientTolerance: 1e-2,
  maxIterations: 200,
  callback: ({ params, value }) => {
    iterates.push({ heights: params, cost: value });
  },
});
const trace = jit(pathOf);

/** Initial sideways displacements at the middle of the path, as fractions of the distance. */
const sides = [0, 0.25, -0.25, 0.6, -0.6, 1, -1];

/**
 * Distinct results of descents from bent lines, the cheapest first. A path to the left of a disc cannot become one to
 * the right while its cost decreases, so one descent is not enough.
 */
export function ways({ start, goal, discs, stiffness, clearance }: Task): Way[] {
  const ends = float64([start, goal]);
  const data = [
    float64(discs.map(({ at, radius }) => [...at, radius])),
    float64(stiffness),
    float64(clearance),
  ] as const;
  const found: Way[] = [];
  for (const side of sides) {
    const first = [-side * (goal[1]! - start[1]!), side * (goal[0]! - start[0]!)];
    const descent: Iterate[] = [];
    iterates = descent;
    descend(float64(numbers.map((k) => (k === 1 ? first : [0, 0]))), ends, ...data);
    const pathAfter = (i: number): Point[] => trace(descent[i]!.heights, ends).tolist() as number[][];
    const path = pathAfter(descent.length - 1);
    if (found.some(({ path: other }) => isSame(other, path))) continue;
    found.push({
      path,
      pathAfter,
      costs: descent.map(({ cost }) => cost),
      gap: gapOf(path, discs),
      length: lengthOf(path),
    });
  }
  return found.sort((a, b) => a.costs.at(-1)! - b.costs.at(-1)!);
}

function float64(x: NestedNumbers | number): Tensor {
  return tensor(x, { dtype: "float64" });
}

const near = 0.05; // maximum distance between the points of two paths that count as equal

function isSame(a: readonly Point[], b: readonly Point[]): boolean {
  return a.every(([x, y], i) => Math.hypot(x! - b[i]![0]!, y! - b[i]![1]!) < near);
}

function lengthOf(path: readonly Point[]): number {
  return path.slice(1).reduce((way, [x, y], i) => way + Math.hypot(x! - path[i]![0]!, y! - path[i]![1]!), 0);
}

/** Minimum distance between line segments and the edges of discs. */
function gapOf(path: readonly Point[], discs: readonly Disc[]): number {
  const distances = discs.flatMap(({ at: [cx, cy], radius }) =>
    path.slice(1).map(([x1, y1], i) => {
      const [x0, y0] = path[i]! as readonly [number, number];
      const [dx, dy] = [x1! - x0, y1! - y0];
      const along = ((cx! - x0) * dx + (cy! - y0) * dy) / (dx * dx + dy * dy || 1);
      const t = Math.min(1, Math.max(0, along));
      return Math.hypot(x0 + t * dx - cx!, y0 + t * dy - cy!) - radius;
    }),
  );
  return Math.min(Infinity, ...distances);
}
