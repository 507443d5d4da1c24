import { addScaled, isAllFinite, subtract } from "../vector.ts";
import { type BoxBounds, inside } from "../minimize/walls.ts";
import type { MatrixEntries } from "./nonlinear-program.ts";
import type { RowProgram } from "./slack-form.ts";

/** Number of iterations without progress after which the latest steps are examined. Progress is an error that halves. */
const patience = 20;
/** Number of latest steps that are examined, and the least number with a kink. */
const examinedSteps = 3;
const neededSteps = 2;
/** A search may approach a kink without crossing it, so steps are examined beyond their end, by this multiple. */
const extension = 4;
/** Length of an interval, relative to the parameters, in which derivatives of a smooth function do not change. */
const shortInterval = 1e-9;
/** Smallest change of a derivative that is a jump, relative to the derivative. */
const smallestJump = 1e-3;
/** Smallest jump that counts: the change of the function that it causes for parameters of full size, relative to 1 + |f|. */
const relevantJump = 1e-9;
const mostBisections = 60;

/** Index of the objective among the functions of a problem; the rows have their indices. */
export const objectiveIndex = -1;

/** Watches a search for steps across kinks: points at which a function has no derivative. */
export class KinkWatch {
  readonly #program: RowProgram;
  readonly #box: BoxBounds;
  readonly #limits: BoxBounds;
  readonly #start: Float64Array;
  #points: readonly Float64Array[] = [];
  #least = Infinity;
  #idle = 0;

  constructor(program: RowProgram, box: BoxBounds, limits: BoxBounds, start: Float64Array) {
    this.#program = program;
    this.#box = box;
    this.#limits = limits;
    this.#start = start;
  }

  /**
   * Receives the parameters and the error of the next iterate. Returns the functions with kinks after each 20 iterations
   * without progress, if two of the three latest steps cross kinks; otherwise an empty list. Errors of restorations are
   * Infinity.
   */
  next(x: Float64Array, error: number): readonly number[] {
    const latest = this.#points.at(-1);
    if (latest === undefined || latest.some((xi, i) => xi !== x[i]))
      this.#points = [...this.#points, x].slice(-examinedSteps - 1);
    if (error < 0.5 * this.#least) this.#least = error;
    else if (++this.#idle % patience === 0) return this.#find(neededSteps);
    return [];
  }

  /** Functions with kinks on one of the latest steps. The index of the objective is −1. */
  latest(): readonly number[] {
    return this.#find(1);
  }

  #find(needed: number): readonly number[] {
    const found: (readonly number[])[] = [];
    for (let k = this.#points.length - 1; k >= needed - found.length && found.length < needed; k--) {
      const crossed = this.#kinkedAlong(this.#points[k - 1]!, this.#points[k]!);
      if (crossed.length > 0) found.push(crossed);
    }
    return found.length < needed ? [] : [...new Set(found.flat())].sort((a, b) => a - b);
  }

  #kinkedAlong(from: Float64Array, to: Float64Array): readonly number[] {
    const end = inside(addScaled(to, extension, subtract(to, from)), this.#box);
    return kinkedBetween(this.#program, this.#box, this.#limits, from, end, this.#start);
  }
}

/** Gradients of all functions at a point. */
interface Gradients {
  readonly x: Float64Array;
  readonly objective: Float64Array;
  readonly rows: MatrixEntries;
}

/**
 * Functions whose derivatives jump on the line between two points, except rows that do not reach a limit there.
 * Bisection follows the largest change of a derivative to an interval so short that only jumps remain, with little change
 * next to it. The start provides the size of parameters that tend to 0.
 */
function kinkedBetween(
  program: RowProgram,
  box: BoxBounds,
  limits: BoxBounds,
  from: Float64Array,
  to: Float64Array,
  start: Float64Array,
): readonly number[] {
  const scale = from.map((xi, i) => Math.max(Math.abs(xi), Math.abs(to[i]!), Math.abs(start[i]!)));
  const usual = scale.reduce((a, b) => Math.max(a, b), 0) || 1;
  const relative = (a: Gradients, b: Gradients): number =>
    a.x.reduce((most, xi, i) => Math.max(most, Math.abs(b.x[i]! - xi) / (scale[i]! || usual)), 0);
  const at = (x: Float64Array): Gradients => ({
    x,
    objective: program.gradient(x),
    rows: program.jacobian(x),
  });
  let [a, b] = [at(from), at(to)];
  const length = relative(a, b);
  // the direction, in which a step of 1 changes a parameter by its size
  const d = from.map((xi, i) => Math.abs(to[i]! - xi) / length);
  const sizes = largestOf(slopes(a, d), slopes(b, d));
  const shares = (p: Gradients, q: Gradients): Float64Array =>
    slopes(p, d, q).map((change, j) => (change > 0 ? change / sizes[j]! : 0));
  const most = (p: Gradients, q: Gradients): number => shares(p, q).reduce((x, y) => Math.max(x, y), 0);
  for (let k = 0; k < mostBisections && relative(a, b) > shortInterval; k++) {
    const middle = at(a.x.map((xi, i) => xi + 0.5 * (b.x[i]! - xi)));
    if (!isAllFinite(middle.objective) || !isAllFinite(middle.rows.values)) return [];
    const [left, right] = [most(a, middle), most(middle, b)];
    if (Math.max(left, right) <= smallestJump) return [];
    [a, b] = left >= right ? [a, middle] : [middle, b];
  }
  if (!isAllFinite(sizes) || relative(a, b) > shortInterval) return [];
  const beyond = (p: Float64Array, q: Float64Array): Gradients | undefined => {
    const x = q.map((xi, i) => xi + 2 * (xi - p[i]!));
    return x.every((xi, i) => xi >= box.low[i]! && xi <= box.high[i]!) ? at(x) : undefined;
  };
  const [left, right] = [beyond(b.x, a.x), beyond(a.x, b.x)];
  if (left === undefined || right === undefined) return [];
  const [before, after] = [shares(left, a), shares(b, right)];
  const { value, rows } = program.values(a.x);
  return [...shares(a, b).entries()]
    .filter(([j, share]) => {
      const f = j === 0 ? value : rows[j - 1]!;
      const distance = j === 0 ? 0 : Math.min(f - limits.low[j - 1]!, limits.high[j - 1]! - f);
      const isRelevant = share * sizes[j]! > relevantJump * (1 + Math.abs(f));
      const isAlone = Math.max(before[j]!, after[j]!) < 0.5 * share;
      return share > smallestJump && isAlone && isRelevant && distance <= sizes[j]! * length;
    })
    .map(([j]) => j - 1);
}

/**
 * Sum of the sizes of the terms of gradients along d, for the objective and each row. With a second point: of the changes
 * of the gradients.
 */
function slopes(at: Gradients, d: Float64Array, other?: Gradients): Float64Array {
  const { pattern, values } = at.rows;
  const out = new Float64Array(1 + pattern.shape[0]);
  for (let i = 0; i < d.length; i++)
    out[0]! += Math.abs(at.objective[i]! - (other?.objective[i] ?? 0)) * d[i]!;
  for (let j = 0; j < pattern.shape[0]; j++)
    for (let p = pattern.rowPointers[j]!; p < pattern.rowPointers[j + 1]!; p++)
      out[j + 1]! += Math.abs(values[p]! - (other?.rows.values[p] ?? 0)) * d[pattern.columns[p]!]!;
  return out;
}

function largestOf(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, i) => Math.max(value, b[i]!));
}
