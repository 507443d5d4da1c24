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
