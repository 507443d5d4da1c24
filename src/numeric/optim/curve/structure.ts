import { tensor } from "../../array/create.ts";
import { uniformNow } from "../../random/at-once.ts";
import { key } from "../../random/index.ts";
import type { CurveModel, DataColumns } from "./model.ts";
import { numbers, takeRows } from "./model.ts";
import { length, project } from "../minimize/project.ts";
import { product, scaled } from "../vector.ts";

/** Role of a parameter in which the curve is not linear, derived from the formula alone. */
export interface ParameterRole {
  /**
   * Exponents of the units of the columns in the unit of the parameter: −1 for a rate, 1 for a width, 0 for an
   * exponent. `undefined` if the formula has no such symmetry.
   */
  readonly powers: readonly (number | undefined)[];
  /**
   * The column along which the parameter shifts the curve or a part of it, and the change of the parameter that shifts
   * it by 1. `undefined` if there is no such column.
   */
  readonly shifts: { readonly column: number; readonly by: number } | undefined;
  /** Period of the curve in the parameter; `undefined` if it is not periodic. */
  readonly period: number | undefined;
  /** Period up to a change of linear parameters: half the period for a phase with an amplitude. */
  readonly shortPeriod: number | undefined;
  /** Phase rate, if the parameter causes an oscillation along a column: `|phase per unit of column × parameter^±1|`. */
  readonly phase: { readonly column: number; readonly rate: number } | undefined;
  /** True if a change of sign of the parameter leaves the curve unchanged. */
  readonly isEven: boolean;
  /** True if a change of sign leaves the curve unchanged up to linear parameters. */
  readonly isMirrored: boolean;
}

/** Dependence of a curve on its parameters. */
export interface CurveStructure {
  /** Indices of the parameters in which the curve is jointly linear if the other parameters are constant. */
  readonly linear: readonly number[];
  readonly nonlinear: readonly number[];
  /** One role per parameter of `nonlinear`. */
  readonly roles: readonly ParameterRole[];
}

interface Probe {
  readonly rows: DataColumns;
  readonly theta: Float64Array;
  readonly values: Float64Array;
  readonly slopes: readonly Float64Array[];
}

const probeRows = 40;
const draws = 12;
const small = 1e-8; // residue of derivatives that cancel except for rounding

/**
 * Determines the dependence of a curve on its parameters from exact derivatives at random points. `fixed` parameters do
 * not count as linear.
 *
 * Linear parameters have second derivatives of 0. Units: a curve that is invariant under `x → λx` and `pᵢ → λ^kᵢ pᵢ`
 * obeys Euler's identity `x ∂f/∂x + Σ kᵢ pᵢ ∂f/∂pᵢ = 0`. It is solved for k, with a free origin of x and up to
 * contributions of linear parameters. Shifts are found likewise from `∂f/∂x + Σ mᵢ ∂f/∂pᵢ = 0`.
 */
export function structureOf(
  model: CurveModel,
  data: DataColumns,
  fixed: ReadonlySet<number>,
): CurveStructure {
  const fixedKey = [...fixed].join();
  const before = structures.get(model) ?? new Map<string, CurveStructure>();
  structures.set(model, before);
  const found = before.get(fixedKey) ?? findStructure(model, data, fixed);
  before.set(fixedKey, found);
  return found;
}

/** Cached structures, which depend on the formula and not on the data. */
const structures = /* @__PURE__ */ new WeakMap<CurveModel, Map<string, CurveStructure>>();

/** The part of the structure that needs no search: the parameters in which a curve is linear. */
export function linearPartOf(
  model: CurveModel,
  data: DataColumns,
): Pick<CurveStructure, "linear" | "nonlinear"> {
  const before = knownParts.get(model);
  if (before !== undefined) return before;
  const linear = linearTogether(model, probesOf(model, data), new Set());
  const nonlinear = Array.from({ length: model.size }, (_, i) => i).filter((i) => !linear.includes(i));
  knownParts.set(model, { linear, nonlinear });
  return { linear, nonlinear };
}

const knownParts = /* @__PURE__ */ new WeakMap<CurveModel, Pick<CurveStructure, "linear" | "nonlinear">>();

function findStructure(model: CurveModel, data: DataColumns, fixed: ReadonlySet<number>): CurveStructure {
  const columns = data.columns.length;
  const probes = probesOf(model, data);
  const all = Array.from({ length: model.size }, (_, i) => i);
  const linear = linearTogether(model, probes, fixed);
  const nonlinear = all.filter((i) => !linear.includes(i));
  const off = (probe: Probe, x: Float64Array): Float64Array =>
    project(
      linear.map((j) => probe.slopes[j]!),
      x,
    ).rest;
  const scalings = data.columns.map((_, d) => scalingAlong(model, probes, nonlinear, off, d));
  const shifts = data.columns.map((_, d) => shiftAlong(model, probes, nonlinear, off, d));
  const isSameEverywhere = (i: number, change: (p: number) => number, leave: ResidualProjector): boolean =>
    probes.length > 0 && probes.every((probe) => isSame(model, probe, i, change, leave));
  const periodOf = (i: number, leave: ResidualProjector): number | undefined =>
    [0.5, 1, Math.PI, 2 * Math.PI].find((period) => isSameEverywhere(i, (p) => p + period, leave));
  const roles = nonlinear.map((i, at): ParameterRole => {
    const powers = scalings.map((k, d) => k?.[at] ?? powerOfPart(model, probes, nonlinear, i, d));
    const column = shifts.findIndex((m) => m !== undefined && Math.abs(m[at]!) > 0.01);
    return {
      powers,
      shifts: column < 0 ? undefined : { column, by: shifts[column]![at]! },
      period: periodOf(i, (_, x) => x),
      shortPeriod: periodOf(i, off),
      phase: phaseOf(model, i, powers, columns),
      isEven: isSameEverywhere(
        i,
        (p) => -p,
        (_, x) => x,
      ),
      isMirrored: isSameEverywhere(i, (p) => -p, off),
    };
  });
  return { linear, nonlinear, roles };
}

/**
 * Random points at which the formula is analysed: rows with values of about 1. If the formula contains constants that
 * fit only its data (such as years), rows of the data are used, with parameters of several sizes.
 */
function probesOf(model: CurveModel, data: DataColumns): readonly Probe[] {
  const plain: DataColumns = {
    count: probeRows,
    columns: data.columns.map((_, d) =>
      tensor(uniformNow(key(100 + d), probeRows, { minval: 0.5, maxval: 2 })),
    ),
  };
  const order = uniformNow(key(99), probeRows);
  const own = takeRows(
    data,
    Array.from(order, (u) => Math.floor(u * data.count)),
  );
  const at = (rows: DataColumns, i: number, powers: number): Probe => {
    const size = uniformNow(key(i), model.size, { minval: 0.4, maxval: 1.6 });
    const sign = uniformNow(key(200 + i), model.size);
    const power = uniformNow(key(400 + i), model.size);
    // half of the draws are positive, as powers and logarithms require
    const theta = size.map(
      (s, j) => (i % 2 === 1 && sign[j]! < 0.5 ? -s : s) * 10 ** -Math.floor(power[j]! * powers),
    );
    return { rows, theta, values: model.values(theta, rows), slopes: model.slopes(theta, rows) };
  };
  const moving = ({ slopes }: Probe): number => slopes.filter((slope) => length(slope) > 0).length;
  const usable = (probes: readonly Probe[]): readonly Probe[] => {
    const finite = probes.filter(({ values, slopes }) =>
      [values, ...slopes].every((x) => x.every(Number.isFinite)),
    );
    // keep only probes with the most parameters that have an effect, because nothing can be learnt about a term that is
    // 0
    const most = Math.max(0, ...finite.map(moving));
    return finite.filter((probe) => moving(probe) === most);
  };
  const first = usable(Array.from({ length: draws }, (_, i) => at(plain, i, 1)));
  if (first.length >= 4 && moving(first[0]!) === model.size) return first;
  const second = usable(Array.from({ length: 5 * draws }, (_, i) => at(own, i, 5))).slice(0, draws);
  return second.length >= 4 && (first.length < 4 || moving(second[0]!) > moving(first[0]!)) ? second : first;
}

/**
 * Returns the indices of the largest set of parameters in which the curve is jointly linear, `fixed` ones excluded: all
 * second derivatives with respect to two of them are 0.
 */
function linearTogether(model: CurveModel, probes: readonly Probe[], fixed: ReadonlySet<number>): number[] {
  const n = model.size;
  if (probes.length === 0) return [];
  const weights = tensor(uniformNow(key(7), probeRows, { minval: -1, maxval: 1 }));
  const bent = new Uint8Array(n * n);
  for (const { rows, theta, values } of probes) {
    const h = model.bend(theta, rows, weights);
    const limit = 1e-10 * (1 + length(values));
    h.forEach((x, at) => {
      if (!(Math.abs(x) <= limit)) bent[at] = 1;
    });
  }
  const able = Array.from({ length: n }, (_, i) => i).filter((i) => bent[i * n + i] === 0 && !fixed.has(i));
  let best: number[] = [];
  const extend = (chosen: number[], from: number): void => {
    if (chosen.length > best.length) best = chosen;
    if (chosen.length + able.length - from <= best.length) return;
    const next = able[from]!;
    if (chosen.every((i) => bent[i * n + next] === 0)) extend([...chosen, next], from + 1);
    extend(chosen, from + 1);
  };
  extend([], 0);
  return best;
}

type ResidualProjector = (probe: Probe, x: Float64Array) => Float64Array;

/**
 * Exponents k of Euler's identity (see `structureOf`) for column d: scaling the column by λ and each nonlinear
 * parameter pᵢ by λ^kᵢ leaves the curve unchanged, up to linear parameters. The last element is the origin term of x.
 * `undefined` if the curve has no such symmetry.
 */
function scalingAlong(
  model: CurveModel,
  probes: readonly Probe[],
  nonlinear: readonly number[],
  off: ResidualProjector,
  d: number,
): number[] | undefined {
  return solveForConstants(probes, nonlinear.length + 1, (probe) => {
    const along = model.along(probe.theta, probe.rows, d);
    const x = numbers(probe.rows.columns[d]!);
    const stretched = nonlinear.map((i) => probe.slopes[i]!.map((s) => s * probe.theta[i]!));
    return {
      unknowns: [...stretched, along].map((column) => off(probe, column)),
      known: off(
        probe,
        along.map((s, r) => s * x[r]!),
      ),
      size: length(along),
    };
  });
}

/**
 * The exponent for parameter i alone, from Euler's identity for `g = ∂f/∂pᵢ`, which is homogeneous of some degree c: `x
 * ∂g/∂x + Σ kⱼ pⱼ ∂g/∂pⱼ = c g`, with a free origin of x. A term of the curve with its own constants, such as a season
 * of 12 months, violates the identity for f but does not occur in g. `undefined` if g is not homogeneous either.
 */
function powerOfPart(
  model: CurveModel,
  probes: readonly Probe[],
  nonlinear: readonly number[],
  i: number,
  d: number,
): number | undefined {
  const others = nonlinear.filter((j) => j !== i);
  const constants = solveForConstants(probes, nonlinear.length + 2, ({ rows, theta }) => {
    const { values, along, columns } = model.partOf(theta, rows, i, d, [...others, i]);
    const x = numbers(rows.columns[d]!);
    const stretched = [...others, i].map((j, at) => scaled(theta[j]!, columns[at]!));
    return { unknowns: [values, along, ...stretched], known: product(along, x), size: length(along) };
  });
  return constants?.at(-1);
}

/**
 * Coefficients m of the shift identity `∂f/∂x + Σ mᵢ ∂f/∂pᵢ = 0`, where x is column d, up to linear parameters.
 * `undefined` if the curve has no such symmetry.
 */
function shiftAlong(
  model: CurveModel,
  probes: readonly Probe[],
  nonlinear: readonly number[],
  off: ResidualProjector,
  d: number,
): number[] | undefined {
  return solveForConstants(probes, nonlinear.length, (probe) => {
    const along = model.along(probe.theta, probe.rows, d);
    return {
      unknowns: nonlinear.map((i) => off(probe, probe.slopes[i]!)),
      known: off(probe, along),
      size: length(along),
    };
  });
}

interface ProbeEquations {
  readonly unknowns: readonly Float64Array[];
  readonly known: Float64Array;
  /** Norm that the known part had before the contributions of linear parameters were projected out. */
  readonly size: number;
}

/**
 * Returns the constants c with `known + Σ cᵢ unknownᵢ = 0` at all probes. Undefined if there are none, with fewer than
 * three probes, or if an equation is not finite.
 */
function solveForConstants(
  probes: readonly Probe[],
  n: number,
  equationsAt: (probe: Probe) => ProbeEquations,
): number[] | undefined {
  if (probes.length < 3) return undefined;
  // every probe has equal weight, regardless of the size of the curve there
  const parts = probes.map((probe) => {
    const { unknowns, known, size } = equationsAt(probe);
    const unit = 1 / (size || 1);
    return { unknowns: unknowns.map((u) => u.map((x) => x * unit)), known: known.map((x) => x * unit) };
  });
  if (parts.some(({ unknowns, known }) => ![known, ...unknowns].every((u) => u.every(Number.isFinite))))
    return undefined;
  const joined = (pick: (part: (typeof parts)[number]) => Float64Array): Float64Array =>
    Float64Array.from(parts.flatMap((part) => [...pick(part)]));
  const columns = Array.from({ length: n }, (_, i) => joined((part) => part.unknowns[i]!));
  const negated = joined((part) => part.known.map((x) => -x));
  const { coefficients, rest } = project(columns, negated);
  return length(rest) <= small * Math.sqrt(parts.length) ? Array.from(coefficients) : undefined;
}

/**
 * True if a change of parameter i leaves the curve unchanged, except for the part that `off` removes. False if the
 * curve does not depend on the parameter at the probe.
 */
function isSame(
  model: CurveModel,
  probe: Probe,
  i: number,
  change: (p: number) => number,
  off: ResidualProjector,
): boolean {
  const { rows, theta, values, slopes } = probe;
  if (length(slopes[i]!) === 0) return false;
  const other = model.values(
    theta.map((p, j) => (j === i ? change(p) : p)),
    rows,
  );
  const rest = off(
    probe,
    other.map((y, r) => y - values[r]!),
  );
  return length(rest) <= small * (1 + length(values));
}

const grid = 600;

/**
 * Counts the sign changes of the derivative in parameter i along a column, for two large rates. If the counts are
 * proportional to the rates, the curve oscillates; otherwise the result is undefined. Trends in addition to the
 * oscillation do not disturb this.
 */
function phaseOf(
  model: CurveModel,
  i: number,
  powers: readonly (number | undefined)[],
  columns: number,
): ParameterRole["phase"] {
  const column = powers.findIndex((k) => k !== undefined && Math.abs(Math.abs(k) - 1) < 0.01);
  if (column < 0) return undefined;
  const power = Math.round(powers[column]!);
  const rows: DataColumns = {
    count: grid,
    columns: Array.from({ length: columns }, (_, d) =>
      tensor(Float64Array.from({ length: grid }, (_, r) => (d === column ? (r + 1) / grid : 1))),
    ),
  };
  const changesAt = (rate: number): number => {
    const theta = Float64Array.from({ length: model.size }, (_, j) => (j === i ? rate ** -power : 1));
    return signChanges(model.slopes(theta, rows)[i]!);
  };
  const [slow, fast] = [changesAt(30), changesAt(60)];
  if (slow < 4 || fast < 1.6 * slow || fast > 2.4 * slow) return undefined;
  return { column, rate: (fast * Math.PI) / 60 };
}

function signChanges(y: Float64Array): number {
  let count = 0;
  let before = 0;
  for (const yi of y) {
    const sign = Math.sign(yi);
    if (sign * before < 0) count++;
    if (sign !== 0) before = sign;
  }
  return count;
}
