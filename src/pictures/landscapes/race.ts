import { tensor } from "../../numeric/array/create.ts";
import { add } from "../../numeric/array/elementwise.ts";
import { norm } from "../../numeric/array/reduce.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { applyUpdates, type Constraint, type GeneralOptimizer } from "../../numeric/optim/index.ts";
import { normalNow } from "../../numeric/random/at-once.ts";
import { key } from "../../numeric/random/index.ts";
import { makeJitted as jit } from "../../engine/runtime/jitted.ts";
import { valueAndGrad, vmap } from "../../engine/transforms/index.ts";
import { scan } from "../../engine/transforms/structured.ts";
import { displayed } from "./display.ts";
import { checkPoint, type Interval, type Landscape, type Point } from "./landscape.ts";
import { isFinitePoint } from "./numbers.ts";
import { type RaceRegion, solveRegion, withPenalty } from "./region.ts";

/** Options of `race`. */
export interface RaceOptions {
  /** Number of updates per run, at least 1. Default 200. */
  readonly steps?: number;
  /** Starting point. Default: the start of the landscape. */
  readonly start?: Point;
  /**
   * Heights above the lowest value within which a run counts as arrived, largest first. The table has one column per
   * tolerance. Default 1e-2, 1e-4, 1e-8.
   */
  readonly tolerances?: readonly number[];
  /**
   * Standard deviation σ of Gaussian noise added to each gradient element, as a model of mini-batches. All runs get the
   * same noise. Default 0.
   */
  readonly noise?: number;
  /** Seed of the noise. Default 0. */
  readonly seed?: number;
  /**
   * Constraints, each a scalar function of the point: those of `equality`, `atMost`, `atLeast` and `between`. The
   * race then begins with the run of `minimize` under constraints, and the other optimisers run on the landscape plus
   * an exact penalty for violations. Default: none.
   */
  readonly constraints?: readonly Constraint<Tensor, []>[];
}

/**
 * Outcome of a run. `arrived`: within a tolerance of the lowest value (`within`). `at-rest`: its gradient has shrunk
 * elsewhere to a millionth of its largest. `under-way`: still moving. `escaped`: left the drawn domain below its start,
 * in a race without a lowest value. `diverged`: rose out of bounds or stopped being finite.
 */
export type RaceOutcome = "arrived" | "at-rest" | "under-way" | "escaped" | "diverged";

/** One run of a race. Entry t of each list is the state after t updates. */
export interface RaceRun {
  readonly name: string;
  /** The points, up to the first that is not finite or has a value that is not finite, which is omitted. */
  readonly points: readonly Point[];
  /** Function values at the points, without noise. */
  readonly values: readonly number[];
  /** Gradient norms at the points, without noise. */
  readonly gradientNorms: readonly number[];
  /** Learning rate of each update. Undefined if the optimiser does not report it. */
  readonly rates: readonly number[] | undefined;
  readonly outcome: RaceOutcome;
  /** Smallest tolerance that the last value meets; `null` if none. */
  readonly within: number | null;
  /** Update with which the run diverged; `undefined` if it did not. */
  readonly divergedAt: number | undefined;
  /**
   * First update after which the run is outside the domain and below its start. `undefined` if never, without a domain,
   * or if the race has a lowest value.
   */
  readonly escapedAt: number | undefined;
  /** For each tolerance, the number of updates until the value first meets it; `null` if never. */
  readonly stepsTo: readonly (number | null)[];
}

/** A race: runs of several optimisers from one start. */
export interface Race {
  readonly landscape: Landscape;
  readonly start: Point;
  readonly steps: number;
  readonly tolerances: readonly number[];
  /**
   * Reference value of the tolerances: the known lowest value, else the lowest value of any run. The latter counts only
   * if the run is at rest there (gradient at most a millionth of its steepest). Otherwise −Infinity, because a run that
   * still falls has not arrived.
   */
  readonly lowest: number;
  readonly noise: number;
  readonly seed: number;
  readonly runs: readonly RaceRun[];
  /** The feasible region and the solution in it; only with constraints. */
  readonly region?: RaceRegion;
}

const stillness = 1e-6; // fraction of a run's largest gradient norm; below it, the run is at rest
const tooFar = 1e3; // multiple of the start's height above the lowest value; higher runs count as diverged

/**
 * Runs optimisers on a landscape from one start, with exact or noisy gradients. Each run is one compiled `scan` of pure
 * updates and therefore reproducible. An optimiser with a line search sees the same noise at all points of one update.
 *
 * With constraints, the first run is that of `minimize`, the runs of optimisers end at kinks of the penalty, and values include
 * it. Without optimisers it is the only run, with as many steps as it takes.
 *
 * @param racers the optimisers by name
 * @throws DownhillError `option`, `range` or `shape` for invalid arguments or a start where the function is not finite.
 * Errors of an optimiser pass through.
 * @example
 * const { runs } = race(findLandscape("bowl"), { slow: sgd({ learningRate: 0.01 }), good: sgd({ learningRate: 0.5 }) });
 * runs.map(({ name, outcome, stepsTo }) => [name, outcome, stepsTo[0]]);
 * // [["slow", "under-way", null], ["good", "arrived", 5]]
 */
export function race(
  given: Landscape,
  racers: Readonly<Record<string, GeneralOptimizer<unknown>>>,
  options: RaceOptions = {},
): Race {
  if (arguments.length > 3) refuseExtra("race", arguments, 3);
  const { steps: most, start, tolerances, noise, seed } = checked(given, racers, options);
  const { constraints = [] } = options;
  const region = constraints.length === 0 ? undefined : solveRegion(given, start, constraints);
  const isAlone = region !== undefined && Object.keys(racers).length === 0;
  const steps = isAlone ? Math.max(1, region.path.length - 1) : most;
  const landscape = region === undefined ? given : withSolution(given, region);
  const value = region === undefined ? given.value : withPenalty(given, region);
  const n = start.length;
  const height = landscape.value(tensor([...start])).item();
  if (!Number.isFinite(height)) {
    throw new DownhillError(
      "range",
      `race: the function is ${height} at the start (${start.join(", ")}): choose a start where it is finite.`,
    );
  }
  const values = noise === 0 ? new Float64Array((steps + 1) * n) : normalNow(key(seed), (steps + 1) * n);
  const push = tensor(values.map((z) => z * noise)).reshape([steps + 1, n]);
  const tracks = Object.entries(racers).map(
    ([name, optimizer]) => [name, optimizer, follow(value, optimizer, start, push)] as const,
  );
  const lowest = lowestOf(
    landscape,
    tracks.map(([, , track]) => track),
  );
  const criteria = { landscape, lowest, tolerances };
  return displayed<Race>({
    landscape,
    start,
    steps,
    tolerances,
    lowest,
    noise,
    seed,
    runs: [
      ...(region === undefined
        ? []
        : [judge("minimize", undefined, trackAlong(value, region.path, steps), criteria)]),
      ...tracks.map(([name, { learningRate }, track]) => judge(name, learningRate, track, criteria)),
    ],
    ...(region === undefined ? {} : { region }),
  });
}

/** The landscape with the solution under constraints as its minimum. */
function withSolution(landscape: Landscape, { reason, result, value }: RaceRegion): Landscape {
  const isSolved = reason === "solved";
  return {
    ...landscape,
    saddles: [],
    minima: isSolved ? [result] : [],
    lowest: isSolved ? value : undefined,
  };
}

/** Values and gradient norms at the points of a path, which stays at its end. */
function trackAlong(value: Landscape["value"], path: readonly Point[], steps: number): Track {
  const points = Array.from({ length: steps + 1 }, (_, t) => path[Math.min(t, path.length - 1)]!);
  const evaluate = jit(
    vmap((point: Tensor) => {
      const [height, slope] = valueAndGrad(value)(point);
      return [height, norm(slope)] as const;
    }),
  );
  const [values, norms] = evaluate(tensor(points.map((point) => [...point])));
  return { points, values: values.tolist() as number[], gradientNorms: norms.tolist() as number[] };
}

interface Track {
  readonly points: readonly Point[];
  readonly values: readonly number[];
  readonly gradientNorms: readonly number[];
}

/** Runs one optimiser. Returns its point, value and gradient norm before each update and after the last. */
function follow(
  value: Landscape["value"],
  optimizer: GeneralOptimizer<unknown>,
  start: Point,
  push: Tensor,
): Track {
  const evaluate = valueAndGrad(value);
  const whole = jit((from: Tensor, noise: Tensor) =>
    scan(
      ({ x, state }: { x: Tensor; state: unknown }, extra: Tensor) => {
        const [height, slope] = evaluate(x);
        const { updates, state: next } = optimizer.update(add(slope, extra), state, x, {
          value: height,
          valueAndGrad(there) {
            const [heightThere, grads] = evaluate(there);
            return [heightThere, add(grads, extra)];
          },
        });
        return [{ x: applyUpdates(x, updates), state: next }, [x, height, norm(slope)] as const] as const;
      },
      { x: from, state: optimizer.init(from) },
      noise,
    ),
  );
  const [, [points, values, norms]] = whole(tensor([...start], { dtype: "float64" }), push);
  return {
    points: points.tolist() as number[][],
    values: values.tolist() as number[],
    gradientNorms: norms.tolist() as number[],
  };
}

/**
 * Returns the reference value of a race (`Race.lowest`): the known lowest value, else the lowest one if a run is at
 * rest there, else −Infinity.
 */
export function lowestOf(
  { lowest }: Pick<Landscape, "lowest">,
  tracks: readonly Pick<Track, "values" | "gradientNorms">[],
): number {
  return lowest ?? lowestAtRest(tracks);
}

/**
 * Returns the lowest value of any run, if that run is at rest there; otherwise −Infinity, because the run may continue
 * to fall.
 */
function lowestAtRest(tracks: readonly Pick<Track, "values" | "gradientNorms">[]): number {
  if (tracks.length === 0) return -Infinity;
  const least = tracks.map(({ values, gradientNorms }) => {
    const finite = values.filter((value) => Number.isFinite(value));
    const value = finite.reduce((a, b) => Math.min(a, b), Infinity);
    return {
      value,
      isAtRest: gradientNorms[values.indexOf(value)]! <= stillness * steepestOf(gradientNorms),
    };
  });
  const lowest = least.reduce((a, b) => (b.value < a.value ? b : a));
  const isFalling = tracks.some(({ values }) => values.includes(-Infinity));
  return lowest.isAtRest && !isFalling ? lowest.value : -Infinity;
}

interface RaceCriteria {
  readonly landscape: Landscape;
  readonly lowest: number;
  readonly tolerances: readonly number[];
}

/** Truncates a run before its first entry that is not finite, and determines how the run ended. */
function judge(
  name: string,
  learningRate: GeneralOptimizer<unknown>["learningRate"],
  track: Track,
  { landscape, lowest, tolerances }: RaceCriteria,
): RaceRun {
  const broken = track.points.findIndex(
    (point, t) => !isFinitePoint(point) || !Number.isFinite(track.values[t]),
  );
  const end = broken < 0 ? track.points.length : Math.max(1, broken);
  const points = track.points.slice(0, end);
  const values = track.values.slice(0, end);
  const gradientNorms = track.gradientNorms.slice(0, end);
  const isBounded = Number.isFinite(lowest);
  const divergedAt = whenDiverged(values, lowest, broken);
  const { domain } = landscape;
  const escapedAt =
    domain === undefined || isBounded
      ? undefined
      : points.findIndex((point, t) => values[t]! < values[0]! && !isInside(point, domain));
  const isBelow = (tolerance: number) => (value: number) => isBounded && value - lowest <= tolerance;
  const firstBelow = (tolerance: number): number | null => {
    const t = values.findIndex(isBelow(tolerance));
    return t < 0 ? null : t;
  };
  const last = values.at(-1)!;
  const met = tolerances.filter((tolerance) => isBelow(tolerance)(last));
  const run = {
    name,
    within: met.length === 0 ? null : Math.min(...met),
    points,
    values,
    gradientNorms,
    rates:
      learningRate === undefined
        ? undefined
        : values.map((_, t) => (typeof learningRate === "number" ? learningRate : learningRate(t))),
    divergedAt,
    escapedAt: escapedAt === -1 ? undefined : escapedAt,
    stepsTo: tolerances.map(firstBelow),
  };
  if (divergedAt !== undefined) return { ...run, within: null, outcome: "diverged" };
  if (run.within !== null) return { ...run, outcome: "arrived" };
  if (run.escapedAt !== undefined) return { ...run, outcome: "escaped" };
  const steepest = steepestOf(gradientNorms);
  return { ...run, outcome: gradientNorms.at(-1)! <= stillness * steepest ? "at-rest" : "under-way" };
}

/**
 * Returns the largest finite gradient norm of a run. (Compared with an infinite norm, all others would count as at
 * rest.)
 */
function steepestOf(gradientNorms: readonly number[]): number {
  return gradientNorms.filter((size) => Number.isFinite(size)).reduce((a, b) => Math.max(a, b), 0);
}

/** True if a point is in the domain, including its boundary. */
export function isInside(point: Point, domain: readonly Interval[]): boolean {
  return point.every((x, i) => x >= domain[i]![0] && x <= domain[i]![1]);
}

/**
 * Returns the number of the update with which a run diverged: it stays too high after it, or is not finite, unless it
 * fell without bound. `undefined` if the run did not diverge.
 */
function whenDiverged(values: readonly number[], lowest: number, broken: number): number | undefined {
  const floor = Number.isFinite(lowest) ? lowest : Math.min(0, values[0]!);
  const limit = floor + tooFar * Math.max(values[0]! - floor, Math.abs(values[0]!), 1e-3);
  const isHigh = (value: number): boolean => value > limit;
  if (isHigh(values.at(-1)!)) {
    const last = values.findLastIndex((value) => !isHigh(value));
    return last + 1;
  }
  return broken < 0 || (lowest === -Infinity && values.at(-1)! < floor) ? undefined : broken;
}

/** Checks the options and fills in the defaults. */
function checked(
  landscape: Landscape,
  racers: Readonly<Record<string, GeneralOptimizer<unknown>>>,
  options: RaceOptions,
): Required<Omit<RaceOptions, "constraints">> {
  checkOptions("race", options, ["steps", "start", "tolerances", "noise", "seed", "constraints"]);
  if (typeof landscape?.value !== "function" || !Array.isArray(landscape.start)) {
    throw new DownhillError(
      "option",
      `race: expects a landscape, such as findLandscape("rosenbrock") or defineLandscape("x^4 - 2*x^2 + y^2").`,
    );
  }
  const names = Object.keys(racers ?? {});
  if (names.length === 0 && (options.constraints ?? []).length === 0) {
    throw new DownhillError(
      "option",
      "race: there are no optimisers; pass them by name, such as { adam: adam() }.",
    );
  }
  for (const name of names) {
    const { init, update } = racers[name] ?? {};
    if (typeof init === "function" && typeof update === "function") continue;
    throw new DownhillError(
      "option",
      `race: ${name} must be an optimiser, such as sgd({ learningRate: 0.1 }).`,
    );
  }
  const {
    steps = 200,
    start = landscape.start,
    tolerances = [1e-2, 1e-4, 1e-8],
    noise = 0,
    seed = 0,
  } = options;
  if (!Number.isInteger(steps) || steps < 1) {
    throw new DownhillError("range", `race: steps must be an integer of 1 or more, got ${String(steps)}.`);
  }
  checkPoint("race", "start", start, landscape.start.length);
  if (!Array.isArray(tolerances) || !tolerances.every((x) => typeof x === "number" && x > 0)) {
    throw new DownhillError("range", "race: tolerances must be positive numbers, such as [1e-2, 1e-4].");
  }
  if (typeof noise !== "number" || !(noise >= 0) || !Number.isFinite(noise)) {
    throw new DownhillError(
      "range",
      `race: noise must be a finite number of 0 or more, got ${String(noise)}.`,
    );
  }
  return { steps, start, tolerances, noise, seed };
}
