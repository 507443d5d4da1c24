// Compares a call of a compiled region with the plain function from which it was built, and its derivatives with
// directional derivatives.
import { sizedInterp } from "../../engine/backends/interp/index.ts";
import { canGenerateCode, makeJsBackend } from "../../engine/backends/js/index.ts";
import { DownhillError, internalError } from "../../engine/errors/index.ts";
import { callSizes } from "../../engine/kernel/index.ts";
import type { Backend } from "../../engine/kernel/executable.ts";
import { makeArray } from "../../engine/kernel/executable.ts";
import { scalarFunctions } from "../../engine/prims/scalar-functions.ts";
import { isFloating } from "../../engine/region/form/build.ts";
import type { DerivedRegion, GradientResults } from "../../engine/region/index.ts";
import { tangent, wrapRegion } from "../../engine/region/index.ts";
import type { Region, RegionType } from "../../engine/region/form/region.ts";
import type { RegionArgument, RegionArray, RegionCall, RegionOutcome } from "../../engine/runtime/regions.ts";
import { callOf, compileRegion } from "../../engine/runtime/regions.ts";
import { must } from "../../engine/util/assert-never.ts";
import {
  cotangentRegion,
  gradientRegion,
  resultTypes,
  tangentRegion,
} from "../../numeric/plain/call/regions.ts";
import { compileBounded } from "./bounded.ts";
import { literalFlat, literalLowering } from "./literal.ts";
import { shakenRoutine } from "./rounding.ts";

/** An argument or a result: a number, or an array of its own with one length per axis. */
export type RegionValue = number | RegionArray;

/** The end of a call of a region or of the oracle: the values, or the error. */
export type RegionEnd = { readonly values: readonly RegionValue[] } | { readonly error: unknown };

/**
 * Runs the oracle; returns `undefined` if it exceeds its budget. With a seed, counted from 1, each operation has an
 * error of about an ulp.
 */
type Oracle = (args: readonly RegionValue[], seed?: number) => RegionEnd | undefined;

/** Returns a number, or a copy of an array with elements of the given type. */
export function ownValue(x: RegionArgument | RegionOutcome, type: RegionType): RegionValue {
  if (typeof x === "number") return x;
  const { data, dims } = "dims" in x ? x : { data: x, dims: [x.length] };
  const size = dims.reduce((n, dim) => n * dim, 1);
  const copy = makeArray(type === "bool" ? "i32" : type, size);
  for (let i = 0; i < size; i++) copy[i] = data[i]!;
  return { data: copy, dims };
}

export function numbersIn(value: RegionValue): ArrayLike<number> {
  return typeof value === "number" ? [value] : value.data;
}

/** Thrown when a run of the oracle exceeds its budget. */
class BudgetExceededError extends Error {}

function boundedInterpreter(budget: number): Backend {
  return {
    ...sizedInterp,
    compile(routine) {
      const run = compileBounded(routine, sizedInterp, budget);
      return (inputs, outputs) => {
        if (run(inputs, outputs) < 0) throw new BudgetExceededError();
      };
    },
  };
}

/** Factor of the budget for runs with errors, whose operations are more expensive. */
const shakenWork = 100;

/**
 * Creates a backend that adds a small error to the result of each floating-point operation. Each run reads the seed of
 * the errors from `now.seed`.
 */
function shakenBackend(budget: number, now: { readonly seed: number }): Backend {
  const backend = canGenerateCode() ? makeJsBackend(undefined, callSizes) : sizedInterp;
  return {
    ...backend,
    compile(routine) {
      const run = compileBounded(shakenRoutine(routine), backend, shakenWork * budget);
      return (inputs, outputs) => {
        if (run([...inputs, now.seed], outputs) < 0) throw new BudgetExceededError();
      };
    },
  };
}

/** True for errors with which the user's function itself can end, such as a `throw`. */
export function isOfText(error: unknown): boolean {
  return error instanceof DownhillError && (error.code === "range" || error.code === "thrown");
}

/**
 * Creates the oracle of a region. It runs the region in the interpreter, without optimisations and in the order of its
 * text.
 */
export function interpreted(region: Region, budget: number): Oracle {
  const compiled = (backend: Backend): RegionCall =>
    callOf(compileRegion(region, backend, literalLowering), region);
  let call: RegionCall | undefined;
  const seedNow = { seed: 1 };
  let shaken: RegionCall | undefined;
  return (args, seed) => {
    try {
      if (seed === undefined) return { values: (call ??= compiled(boundedInterpreter(budget)))(args) };
      seedNow.seed = seed;
      return { values: (shaken ??= compiled(shakenBackend(budget, seedNow)))(args) };
    } catch (error) {
      if (error instanceof BudgetExceededError || (error instanceof DownhillError && error.code === "oom"))
        return undefined;
      if (isOfText(error)) return { error };
      throw error;
    }
  };
}

/** One step by which a region was derived from another, as `call/regions` writes it into `DerivedRegion.steps`. */
export type DerivationStep =
  | {
      readonly kind: "tangent";
      readonly active: readonly boolean[];
      /** For each parameter, true if zeros in its tangent count as zeros of a mask. */
      readonly masked?: readonly boolean[] | undefined;
    }
  | { readonly kind: "cotangents"; readonly active: readonly boolean[] }
  | { readonly kind: "gradient"; readonly active: readonly boolean[]; readonly wanted: GradientResults };

/**
 * Parses the steps by which a region was derived from its base. Checkpoint options, which do not change its values, are
 * skipped.
 */
export function stepsOf({ steps }: Pick<DerivedRegion, "steps">): DerivationStep[] {
  return steps.split(", ").flatMap((text): DerivationStep[] => {
    if (text === "" || text.startsWith("checkpoint ")) return [];
    const [, kind, mask, zeros] = /^([a-z ]+) ([01]*)(?: ([01]*))?$/.exec(text) ?? [];
    const booleans = (digits: string): boolean[] => Array.from(digits, (digit) => digit === "1");
    const active = booleans(must(mask, "a mask"));
    switch (kind) {
      case "tangent":
        return [{ kind, active, ...(zeros !== undefined && { masked: booleans(zeros) }) }];
      case "cotangents":
        return [{ kind, active }];
      case "gradient":
      case "gradient rest":
      case "values gradient":
        return [{ kind: "gradient", active, wanted: kind }];
      case undefined:
      default:
        throw internalError(`a region derived by ${JSON.stringify(text)}`);
    }
  });
}

/** Derives a region from a base by steps. */
export function derivedBy(base: Region, steps: readonly DerivationStep[]): DerivedRegion {
  return steps.reduce<DerivedRegion>((from, step) => {
    switch (step.kind) {
      case "tangent":
        return tangentRegion(from, step.active, step.masked);
      case "cotangents":
        return cotangentRegion(from, step.active);
      case "gradient":
        return gradientRegion(from, step.active, step.wanted);
    }
  }, wrapRegion(base));
}

/** The compared numbers of a call, and their computation by the oracle. */
export interface OracleComparison {
  /** Returns the numbers to compare from the results of the call. */
  readonly got: (values: readonly RegionValue[]) => readonly Quantity[];
  /**
   * Computes the numbers of each quantity from the arguments, possibly slightly moved. `seed` is that of the oracle.
   */
  readonly expected: (
    args: readonly RegionValue[],
    seed?: number,
  ) => { readonly numbers: readonly ArrayLike<number>[] } | { readonly error: unknown } | undefined;
}

/** Numbers to compare, with the magnitude to which differences are relative. */
export interface Quantity {
  readonly name: string;
  readonly numbers: ArrayLike<number>;
  /** Whether NaN is accepted: such tangents are recomputed with zeros as masks. */
  readonly mayBeNaN?: boolean;
  /** Magnitude that differences are relative to. Default: the largest of the numbers. */
  readonly scale?: number;
  readonly isSingle: boolean;
}

/**
 * Creates a direction like `value`: a number, or an array of the same lengths. Its numbers are between −1 and 1, with
 * absolute values of at least 0.3.
 */
function directionLike(value: RegionValue, type: RegionType, salt: number): RegionValue {
  const at = (j: number): number => {
    const x = Math.cos(1 + 1.7 * salt + 2.3 * j);
    const away = Math.sign(x) * (0.3 + 0.7 * Math.abs(x));
    return type === "f32" ? Math.fround(away) : away;
  };
  if (typeof value === "number") return at(0);
  const data = makeArray(type, value.data.length);
  for (let j = 0; j < data.length; j++) data[j] = at(j);
  return { data, dims: value.dims };
}

/**
 * Computes Σ x · y over all elements; `scale` is Σ |x · y|. A term with a factor of 0 is 0, even if its other factor is
 * infinite or NaN.
 */
function inner(
  xs: readonly RegionValue[],
  ys: readonly RegionValue[],
): { readonly sum: number; readonly scale: number } {
  let [sum, scale] = [0, 0];
  xs.forEach((x, i) => {
    const [a, b] = [numbersIn(x), numbersIn(ys[i]!)];
    for (let j = 0; j < a.length; j++) {
      const term = a[j] === 0 || b[j] === 0 ? 0 : a[j]! * b[j]!;
      sum += term;
      scale += Math.abs(term);
    }
  });
  return { sum, scale };
}

const kept = <T>(list: readonly T[], mask: readonly boolean[]): T[] =>
  list.filter((_, i) => mask[i] === true);

function listed(values: readonly RegionValue[], types: readonly RegionType[], what: string): Quantity[] {
  return values.map((value, k) => ({
    name: `${what} ${k}`,
    numbers: numbersIn(value),
    isSingle: types[k] === "f32",
  }));
}

/** Selects the comparison for a region derived by steps from a base. `args` are those of the call. */
export function comparisonOf(
  base: Region,
  steps: readonly DerivationStep[],
  args: readonly RegionValue[],
  budget: number,
): OracleComparison {
  const last = steps.at(-1);
  if (last === undefined) return direct(interpreted(base, budget), resultTypes(base));
  const before = steps.slice(0, -1);
  const [gradient] = before;
  const masked = last.kind === "tangent" ? last.masked : undefined;
  if (last.kind === "tangent" && !masked && before.length === 1 && gradient?.kind === "gradient")
    return curvature(base, gradient, last, args, budget);
  const from = derivedBy(base, before).region();
  // Gradients treat a loop without iterations as a mask, and so must the tangents that they are compared with.
  const zeros = { masked, emptyLoops: last.kind !== "tangent" || masked !== undefined };
  const forward = tangent(from, last.active, scalarFunctions, { primal: true, ...zeros, ...literalFlat });
  const oracle = interpreted(forward, budget);
  return last.kind === "tangent" ? direct(oracle, resultTypes(forward)) : adjoint(from, last, args, oracle);
}

/**
 * Compares a gradient, or cotangents, along a direction of the parameters with the derivative of the results along that
 * direction. `forward` computes tangents of `from`.
 */
function adjoint(
  from: Region,
  step: Exclude<DerivationStep, { readonly kind: "tangent" }>,
  args: readonly RegionValue[],
  forward: Oracle,
): OracleComparison {
  const n = from.params.length;
  const paramTypes = from.params.map(({ type }) => type);
  const types = resultTypes(from);
  const along = directions(from, step.active, args);
  const wanted = step.kind === "gradient" ? step.wanted : "values gradient";
  // number of results of `from` that are skipped: none, all, or the first one
  const skipped = wanted === "values gradient" ? 0 : wanted === "gradient" ? types.length : 1;
  const count = types.length - skipped;
  const seeds = step.kind === "gradient" ? [1] : args.slice(n);
  const isSingle = [...types, ...paramTypes].includes("f32");
  return {
    got(values) {
      const isInFront = wanted === "values gradient";
      const own = isInFront ? values.slice(0, count) : values.slice(along.length);
      const { sum, scale } = inner(isInFront ? values.slice(count) : values.slice(0, along.length), along);
      return [
        ...listed(own, types.slice(skipped), "result"),
        { name: "the derivative along a direction", numbers: [sum], scale, isSingle },
      ];
    },
    expected(moved, seed) {
      const end = forward([...moved.slice(0, n), ...along], seed);
      if (end === undefined || "error" in end) return end;
      const slopes = end.values.slice(types.length, types.length + seeds.length);
      return {
        numbers: [...end.values.slice(skipped, types.length).map(numbersIn), [inner(seeds, slopes).sum]],
      };
    },
  };
}

function directions(
  { params }: Region,
  active: readonly boolean[],
  args: readonly RegionValue[],
): RegionValue[] {
  const all = params.map(({ type }, i) => directionLike(args[i]!, type, i));
  return kept(all, active);
}

function direct(oracle: Oracle, types: readonly RegionType[]): OracleComparison {
  return {
    got: (values) => listed(values, types, "result"),
    expected(moved, seed) {
      const end = oracle(moved, seed);
      return end === undefined || "error" in end ? end : { numbers: end.values.map(numbersIn) };
    },
  };
}

/**
 * Compares the derivative of a gradient along a direction with the second derivative of the base along two directions.
 * The oracle computes that by applying forward mode twice, so that it does not depend on reverse mode.
 */
function curvature(
  base: Region,
  gradient: DerivationStep & { readonly kind: "gradient" },
  { active }: DerivationStep,
  args: readonly RegionValue[],
  budget: number,
): OracleComparison {
  const n = base.params.length;
  const paramTypes = base.params.map(({ type }) => type);
  const types = resultTypes(base);
  const options = { primal: true, emptyLoops: true, ...literalFlat };
  const first = tangent(base, gradient.active, scalarFunctions, options);
  const second = tangent(
    first,
    first.params.map((_, i) => active[i] === true),
    scalarFunctions,
    options,
  );
  const oracle = interpreted(second, budget);
  const along = directions(base, gradient.active, args);
  const isSingle = [...types, ...paramTypes].includes("f32");
  const floatingCount = types.filter(isFloating).length;
  const restCount = gradient.wanted === "gradient" ? 0 : types.length - 1;
  const valuesFirst = gradient.wanted === "values gradient" ? types.length : 0;
  const results = along.length + (gradient.wanted === "gradient rest" ? restCount : valuesFirst);
  return {
    got(values) {
      // results of the gradient, followed by the tangents of the floating-point ones
      const slopes = values.slice(valuesFirst, valuesFirst + along.length);
      const bentFrom = results + (gradient.wanted === "values gradient" ? floatingCount : 0);
      const bent = values.slice(bentFrom, bentFrom + along.length);
      const [one, two] = [inner(slopes, along), inner(bent, along)];
      return [
        { name: "the derivative along a direction", numbers: [one.sum], scale: one.scale, isSingle },
        {
          mayBeNaN: true,
          name: "the second derivative along two directions",
          numbers: [two.sum],
          scale: two.scale,
          isSingle,
        },
      ];
    },
    expected(moved, seed) {
      const end = oracle([...moved.slice(0, n), ...along, ...moved.slice(n)], seed);
      if (end === undefined || "error" in end) return end;
      const slope = numbersIn(end.values[types.length]!)[0]!;
      // followed by the tangents of all these floating-point results
      const bent = numbersIn(end.values[types.length + floatingCount + floatingCount]!)[0]!;
      return { numbers: [[slope], [bent]] };
    },
  };
}
