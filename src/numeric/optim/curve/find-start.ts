import { uniformNow } from "../../random/at-once.ts";
import { key } from "../../random/index.ts";
import { dot, isAllFinite, product, subtract, sumOfSizes } from "../vector.ts";
import type { CurveModel, DataColumns } from "./model.ts";
import { numbers, takeRows } from "./model.ts";
import { project, takeOut } from "../minimize/project.ts";
import { type ParameterRole, linearPartOf, type CurveStructure, structureOf } from "./structure.ts";

/** Input of a search for start values of a curve fit: the model, its data, bounds and given start values. */
export interface StartSearch {
  readonly model: CurveModel;
  readonly rows: DataColumns;
  readonly y: Float64Array;
  /** Square roots of the weights of the rows. */
  readonly roots: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** Given start values; NaN for parameters to be searched. */
  readonly given: Float64Array;
  /** True to compare candidates by the sum of absolute residuals instead of squares. */
  readonly isRobust: boolean;
  /** Number of starts to return. */
  readonly count: number;
}

const mostWork = 2e6; // total number of row evaluations for comparing candidates
const mostCandidates = 4000;

/**
 * Returns promising starts, the best first, and `plainest`, which rewrites fitted parameters to simpler ones with the
 * same curve.
 */
export function findStarts(search: StartSearch): {
  readonly starts: readonly Float64Array[];
  readonly plainest: StartSimplifier;
} {
  const { model, given, rows } = search;
  const fixed = new Set(Array.from(given.keys()).filter((i) => !Number.isNaN(given[i]!)));
  const structure = structureOf(model, rows, fixed);
  const scales = rows.columns.map((column) => scaleOf(numbers(column), search.y));
  const pools = structure.nonlinear.map((i, at) => {
    if (fixed.has(i)) return [given[i]!];
    return withinWalls(poolOf(structure.roles[at]!, scales), search.low[i]!, search.high[i]!);
  });
  const choices = combinations(pools.map((pool) => pool.length));
  const evaluate = evaluator(someRows(search, mostWork / Math.max(choices.length, 2000)), structure);
  const tryChoice = (choice: readonly number[]): PoolCandidate[] => {
    const candidate = evaluate(choice.map((k, at) => pools[at]![k]!));
    return candidate === undefined ? [] : [{ ...candidate, choice }];
  };
  const seen = choices.flatMap(tryChoice);
  let chosen = mostPromising(seen, search.count);
  const isSample = pools.reduce((count, pool) => count * pool.length, 1) > choices.length;
  if (isSample) {
    // of a sum of two frequencies, a sample often contains one but rarely both; the other one is then found along its
    // own pool
    const sizes = pools.map((pool) => pool.length);
    const most = Math.ceil(mostCandidates / sizes.reduce((sum, size) => sum + size, 0));
    const swept = chosen.slice(0, most).map((candidate) => sweep(candidate, sizes, tryChoice));
    chosen = mostPromising([...swept, ...chosen], search.count);
  }
  return { starts: chosen.map(({ theta }) => theta), plainest: plainestOf(structure, evaluate) };
}

/** A candidate for a start, with the index of each of its values in the pool of values for that parameter. */
interface PoolCandidate extends StartCandidate {
  readonly choice: readonly number[];
}

/**
 * Returns up to `count` candidates. The first pass takes, from the best on, candidates that differ from each chosen one
 * by at least two in some index, because neighbours lead to the same minimum. The second pass fills up with neighbours.
 */
function mostPromising(seen: readonly PoolCandidate[], count: number): readonly PoolCandidate[] {
  const rising = seen.toSorted((a, b) => a.cost - b.cost);
  const chosen: PoolCandidate[] = [];
  for (const least of [2, 1]) {
    for (const candidate of rising) {
      if (chosen.length >= count) break;
      const isNew = chosen.every((other) =>
        candidate.choice.some((k, at) => Math.abs(k - other.choice[at]!) >= least),
      );
      if (isNew) chosen.push(candidate);
    }
  }
  return chosen;
}

/**
 * Returns the best candidate that is found by varying each parameter in turn over its pool while the others stay fixed.
 */
function sweep(
  from: PoolCandidate,
  sizes: readonly number[],
  tryChoice: (choice: readonly number[]) => readonly PoolCandidate[],
): PoolCandidate {
  return sizes.reduce((best, size, at) => {
    const along = Array.from({ length: size }, (_, k) => best.choice.with(at, k));
    return along.flatMap(tryChoice).reduce((a, b) => (b.cost < a.cost ? b : a), best);
  }, from);
}

/**
 * Returns a start whose values are all given, and the same start with its linear parameters solved for. The second is
 * missing if no parameter is linear or the solution is not finite.
 */
export function givenStarts(search: StartSearch): readonly Float64Array[] {
  const { model, given, rows } = search;
  const parts = linearPartOf(model, rows);
  if (parts.linear.length === 0) return [given];
  const solved = evaluator(someRows(search, 1000), parts)(parts.nonlinear.map((i) => given[i]!));
  return solved === undefined ? [given] : [given, solved.theta];
}

/**
 * Rewrites a parameter vector to a simpler one with the same curve. Parameters for which `isKept` is true stay
 * unchanged.
 */
type StartSimplifier = (theta: Float64Array, isKept: (i: number) => boolean) => Float64Array;

/**
 * Creates the simplifier of a curve. It makes a nonlinear parameter positive if its sign does not matter, and moves a
 * phase into its first period. It moves a phase by a half period if more linear parameters (amplitudes) are then
 * positive.
 */
function plainestOf({ nonlinear, linear, roles }: CurveStructure, evaluate: StartEvaluator): StartSimplifier {
  const positive = (theta: Float64Array): number => linear.filter((i) => theta[i]! > 0).length;
  return (theta, isKept) => {
    let out: Float64Array = theta.slice();
    nonlinear.forEach((i, at) => {
      if (isKept(i)) return;
      const { period, shortPeriod, isEven } = roles[at]!;
      if (isEven && period === undefined) out[i] = Math.abs(out[i]!);
      if (period === undefined) return;
      out[i] = out[i]! - period * Math.floor(out[i]! / period);
      if (shortPeriod === undefined || shortPeriod === period || linear.some(isKept)) return;
      const moved = (out[i] + shortPeriod) % period;
      const other = evaluate(nonlinear.map((j) => (j === i ? moved : out[j]!)))?.theta;
      if (other !== undefined && positive(other) > positive(out)) out = other;
    });
    return out;
  };
}

/**
 * Restricts a search to at most `most` rows, all with weights above 0. They are drawn at random, because equally spaced
 * rows could miss a period.
 */
function someRows(search: StartSearch, most: number): StartSearch {
  const { rows, y, roots } = search;
  if (y.length <= most && roots.every((root) => root > 0)) return search;
  const counted = Array.from(y.keys()).filter((r) => roots[r]! > 0);
  const order = uniformNow(key(0), counted.length);
  const chosen = counted
    .map((r, at) => [order[at]!, r] as const)
    .sort(([a], [b]) => a - b)
    .slice(0, most)
    .map(([, r]) => r);
  const pick = (x: Float64Array): Float64Array => Float64Array.from(chosen, (r) => x[r]!);
  return { ...search, rows: takeRows(rows, chosen), y: pick(y), roots: pick(roots) };
}

interface StartCandidate {
  readonly theta: Float64Array;
  readonly cost: number;
}

/**
 * Completes a start from values of the nonlinear parameters, in the order of `nonlinear`, and computes its cost.
 * Returns undefined if the start or its cost is not finite.
 */
type StartEvaluator = (values: readonly number[]) => StartCandidate | undefined;

/**
 * Returns a function that solves for the linear parameters given the nonlinear ones, by variable projection (Golub,
 * Pereyra 1973), and clips them to their bounds.
 */
function evaluator(
  { model, rows, y, roots, low, high, isRobust }: StartSearch,
  { linear, nonlinear }: Pick<CurveStructure, "linear" | "nonlinear">,
): StartEvaluator {
  const curve = model.partial(linear);
  return (values) => {
    const theta = new Float64Array(model.size); // linear parameters are 0
    nonlinear.forEach((i, at) => (theta[i] = values[at]!));
    const at = curve(theta, rows);
    const target = product(roots, subtract(y, at.values));
    const columns = at.columns.map((column) => product(roots, column));
    if (![target, ...columns].every(isAllFinite)) return undefined;
    let { coefficients } = project(columns, target);
    let rest = target;
    for (let round = 0; ; round++) {
      linear.forEach((i, k) => {
        theta[i] = Math.min(Math.max(coefficients[k]!, low[i]!), high[i]!);
      });
      rest = target.slice();
      columns.forEach((column, k) => takeOut(rest, column, theta[linear[k]!]!));
      if (!isRobust || round === 3) break;
      // minimises the sum of absolute values by reweighting
      const mean = sumOfSizes(rest) / rest.length;
      const weights = rest.map((t) => 1 / Math.sqrt(Math.max(Math.abs(t), 1e-3 * mean, Number.MIN_VALUE)));
      coefficients = project(
        columns.map((column) => product(weights, column)),
        product(weights, target),
      ).coefficients;
    }
    const cost = isRobust ? sumOfSizes(rest) : dot(rest, rest);
    return Number.isFinite(cost) && theta.every(Number.isFinite) ? { theta, cost } : undefined;
  };
}

/**
 * Returns all combinations of one index per entry of `sizes`, each below that size, or `mostCandidates` random ones if
 * there are more.
 */
function combinations(sizes: readonly number[]): number[][] {
  const all = sizes.reduce((count, size) => count * size, 1);
  if (all <= mostCandidates) {
    return Array.from({ length: all }, (_, n) => {
      let rest = n;
      return sizes.map((size) => {
        const k = rest % size;
        rest = Math.floor(rest / size);
        return k;
      });
    });
  }
  const random = uniformNow(key(1), mostCandidates * sizes.length);
  return Array.from({ length: mostCandidates }, (_, n) =>
    sizes.map((size, at) => Math.floor(random[n * sizes.length + at]! * size)),
  );
}

/** Range, spacing and peaks along a column of the data. */
interface ColumnScale {
  readonly low: number;
  readonly high: number;
  readonly range: number;
  /** Median distance between neighbouring distinct values. */
  readonly spacing: number;
  /** Values of the column in the row with the largest y and in the row with the smallest y. */
  readonly peaks: readonly number[];
}

function scaleOf(x: Float64Array, y: Float64Array): ColumnScale {
  const rising = [...new Set(x)].sort((a, b) => a - b);
  const [low, high] = [rising[0]!, rising.at(-1)!];
  const gaps = rising.slice(1).map((xi, i) => xi - rising[i]!);
  const spacing = gaps.sort((a, b) => a - b)[gaps.length >> 1] ?? 1;
  let [top, bottom] = [0, 0];
  y.forEach((yi, r) => {
    if (yi > y[top]!) top = r;
    if (yi < y[bottom]!) bottom = r;
  });
  return { low, high, range: high - low || Math.abs(high) || 1, spacing, peaks: [x[top]!, x[bottom]!] };
}

/** Returns the values to try for a parameter in ascending order. */
function poolOf(role: ParameterRole, scales: readonly ColumnScale[]): number[] {
  const { shifts, shortPeriod, phase, powers, isMirrored } = role;
  if (shifts !== undefined) {
    const { low, range, peaks } = scales[shifts.column]!;
    const places = Array.from({ length: 13 }, (_, i) => low + (range * (i - 1)) / 10);
    return sorted([...places, ...peaks].map((place) => place * shifts.by));
  }
  if (shortPeriod !== undefined) return Array.from({ length: 4 }, (_, i) => (shortPeriod * i) / 4);
  if (phase !== undefined) {
    const { range, spacing } = scales[phase.column]!;
    const highest = Math.min(Math.PI / spacing, 3000 / range); // Nyquist
    const step = 1.5 / range; // the phase is off by less than 3/8 at the ends
    const rates = Array.from({ length: Math.ceil(highest / step) }, (_, i) => (i + 1) * step);
    const power = -Math.round(powers[phase.column]!);
    return sorted(rates.map((rate) => (rate / phase.rate) ** power));
  }
  const signed = (sizes: readonly number[]): number[] =>
    sorted(isMirrored ? sizes : [...sizes, ...sizes.map((s) => -s)]);
  if (powers.some((k) => k === undefined)) {
    const units = scales.flatMap(({ range }) => [1 / range, range]);
    const places = scales.flatMap(({ low, range }) => [0.1, 0.5, 0.9].map((part) => low + part * range));
    return sorted([
      ...signed([1, ...units].flatMap((unit) => [0.1, 0.5, 2, 10].map((f) => f * unit))),
      ...places,
    ]);
  }
  const known = powers.map((k) => k ?? 0);
  if (known.every((k) => Math.abs(k) < 0.01)) return signed([0.1, 0.3, 0.6, 1, 1.5, 2, 3, 5, 10]);
  const unit = known.reduce((partial, k, d) => partial * scales[d]!.range ** k, 1);
  const size = known.reduce((total, k) => total + k, 0);
  const steps =
    size < 0 ? [0.1, 0.4, 1, 2, 4, 8, 16, 32, 100] : [0.01, 0.03, 0.06, 0.12, 0.25, 0.5, 1, 4, 50];
  // for columns that span powers of ten: positions along them, spaced evenly on a logarithmic scale
  const places = known.flatMap((k, d) => {
    const { low, high } = scales[d]!;
    const alone = Math.abs(k) > 0.01 && known.every((other, j) => j === d || Math.abs(other) < 0.01);
    if (!alone || low <= 0 || high / low < 30) return [];
    return Array.from({ length: 10 }, (_, i) => (low * (high / low) ** (i / 9)) ** k);
  });
  return signed([...steps.map((step) => step * unit), ...places]);
}

/**
 * Returns the values of `pool` strictly between the bounds. If fewer than three are left and a bound is finite, it adds
 * values between the bounds or next to the only one. Equal bounds yield only the bound.
 */
function withinWalls(pool: readonly number[], low: number, high: number): number[] {
  const inside = pool.filter((p) => p > low && p < high);
  if (inside.length >= 3 || (low === -Infinity && high === Infinity)) return inside;
  if (low === high) return [low];
  const between =
    low > -Infinity && high < Infinity
      ? [0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98].map((part) => low + part * (high - low))
      : low > -Infinity
        ? [0.01, 0.1, 1, 10, 100].map((part) => low + part * (Math.abs(low) || 1))
        : [0.01, 0.1, 1, 10, 100].map((part) => high - part * (Math.abs(high) || 1));
  return sorted([...inside, ...between]);
}

function sorted(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}
