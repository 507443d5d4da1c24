import { isAllFinite } from "../vector.ts";
import type { BoxBounds } from "../minimize/walls.ts";
import type { MatrixEntries } from "./nonlinear-program.ts";
import { type Assessment, assessAt } from "./result.ts";
import type { RowProgram } from "./slack-form.ts";
import type { EarlierMultipliers } from "./warm-start.ts";

/** A problem in units of its parameters: x = units · q. */
interface ProblemInUnits {
  readonly program: RowProgram;
  readonly start: Float64Array;
  readonly box: BoxBounds;
  /** Converts q, the parameters in units, to the parameters x. */
  readonly parameters: (q: Float64Array) => Float64Array;
  /** Converts multipliers of the original problem to those of the problem in units. */
  readonly multipliers: (earlier: EarlierMultipliers) => EarlierMultipliers;
  /** Converts the assessment of the problem in units to that of the original problem. */
  readonly assess: (assessment: Assessment, limits: BoxBounds) => Assessment;
}

/** Units are chosen if derivatives with respect to the parameters differ by more than this factor. */
const largestSpread = 1e8;
/** Largest second derivative in units, relative to the gradient (at least 1). */
const largestCurvature = 1e3;

/**
 * Units that make the derivatives in each row similar, for parameters whose scales differ by more than 1e8. Otherwise
 * `undefined`. Their common factor makes the largest derivative of a constraint 1. Rows of one parameter do not count.
 */
export function spreadUnits(program: RowProgram, x: Float64Array): Float64Array | undefined {
  const gradient = program.gradient(x);
  const { pattern, values } = program.jacobian(x);
  const shares = new Float64Array(x.length);
  const rowOf = (j: number): readonly (readonly [number, number])[] => {
    const row: [number, number][] = [];
    for (let p = pattern.rowPointers[j]!; p < pattern.rowPointers[j + 1]!; p++)
      if (values[p] !== 0) row.push([pattern.columns[p]!, Math.abs(values[p]!)]);
    return row;
  };
  const ofValue = Array.from(gradient, (g, i) => [i, Math.abs(g)] as const).filter(([, g]) => g !== 0);
  const rows = Array.from({ length: pattern.shape[0] }, (_, j) => rowOf(j)).filter((row) => row.length > 1);
  const sizeOf = (row: readonly (readonly [number, number])[]): number =>
    row.reduce((most, [, value]) => Math.max(most, value), 0);
  for (const row of ofValue.length > 1 ? [ofValue, ...rows] : rows) {
    const size = sizeOf(row);
    for (const [i, value] of row) shares[i] = Math.max(shares[i]!, value / size);
  }
  const known = shares.filter((share) => share > 0);
  if (known.length < 2 || !isAllFinite(shares)) return undefined;
  const least = known.reduce((a, b) => Math.min(a, b));
  if (known.reduce((a, b) => Math.max(a, b)) <= largestSpread * least) return undefined;
  const inShares = (row: readonly (readonly [number, number])[]): number =>
    sizeOf(row.map(([i, value]) => [i, value / shares[i]!]));
  const size = (rows.length > 0 ? rows : [ofValue]).reduce((most, row) => Math.max(most, inShares(row)), 0);
  const units = shares.map((share) => (share > 0 ? 1 / (share * size) : 1));
  return units.every((unit) => unit > 0 && unit < Infinity) && fitCurvature(program, x, units)
    ? units
    : undefined;
}

/** False if second derivatives show that a derivative is small by chance at x, and not by the scale of its parameter. */
function fitCurvature(program: RowProgram, x: Float64Array, units: Float64Array): boolean {
  const rows = program.jacobian(x).pattern.shape[0];
  const { pattern, values } = program.hessian(x, 1, new Float64Array(rows).fill(1));
  const slope = program.gradient(x).reduce((most, g, i) => Math.max(most, Math.abs(g * units[i]!)), 1);
  for (let i = 0; i < units.length; i++)
    for (let p = pattern.rowPointers[i]!; p < pattern.rowPointers[i + 1]!; p++)
      if (!(Math.abs(values[p]! * units[i]! * units[pattern.columns[p]!]!) <= largestCurvature * slope))
        return false;
  return true;
}

/** Rewrites a problem for parameters that are divided by their units. Without units it stays unchanged. */
export function inUnits(
  program: RowProgram,
  start: Float64Array,
  box: BoxBounds,
  units: Float64Array | undefined,
): ProblemInUnits {
  if (units === undefined)
    return { program, start, box, parameters: (q) => q, multipliers: (y) => y, assess: (found) => found };
  const times = (q: Float64Array): Float64Array => q.map((value, i) => value * units[i]!);
  const divided = (x: Float64Array): Float64Array => x.map((value, i) => value / units[i]!);
  // products with units round, but parameters must stay within their bounds
  const parameters = (q: Float64Array): Float64Array =>
    q.map((value, i) => Math.min(Math.max(value * units[i]!, box.low[i]!), box.high[i]!));
  return {
    program: {
      values: (q) => program.values(parameters(q)),
      gradient: (q) => times(program.gradient(parameters(q))),
      jacobian: (q) => scaleColumns(program.jacobian(parameters(q)), units),
      hessian: (q, weight, y) => scaleBoth(program.hessian(parameters(q), weight, y), units),
    },
    start: divided(start),
    box: { low: divided(box.low), high: divided(box.high) },
    parameters,
    multipliers: ({ rows, bounds }) => ({ rows, bounds: times(bounds) }),
    assess: ({ x, rows, bounds }, limits) =>
      assessAt(program, box, limits, { x: parameters(x), rows, bounds: divided(bounds) }),
  };
}

function scaleColumns({ pattern, values }: MatrixEntries, units: Float64Array): MatrixEntries {
  return { pattern, values: values.map((value, p) => value * units[pattern.columns[p]!]!) };
}

function scaleBoth({ pattern, values }: MatrixEntries, units: Float64Array): MatrixEntries {
  const out = values.slice();
  for (let i = 0; i < units.length; i++)
    for (let p = pattern.rowPointers[i]!; p < pattern.rowPointers[i + 1]!; p++)
      out[p] = values[p]! * units[i]! * units[pattern.columns[p]!]!;
  return { pattern, values: out };
}
