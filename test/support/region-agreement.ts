// Checks every region. Its derivatives of both modes and of second order equal those of hyper-dual numbers and of
// the tensor API, and every backend returns the bits of the evaluator.
import { raceCheckingInterp } from "../../src/engine/backends/interp/index.ts";
import { makeJsBackend } from "../../src/engine/backends/js/index.ts";
import { makeWasmBackend } from "../../src/engine/backends/wasm/index.ts";
import { callSizes } from "../../src/engine/kernel/call-sizes.ts";
import { checkRoutine } from "../../src/engine/kernel/check.ts";
import type { Backend } from "../../src/engine/kernel/executable.ts";
import { scalarFunctions } from "../../src/engine/prims/scalar-functions.ts";
import { cotangents } from "../../src/engine/region/derive/gradient.ts";
import { readRoutine, recordRoutine } from "../../src/engine/region/lower/record.ts";
import type { LoweredRegion } from "../../src/engine/region/lower/routine.ts";
import type { LowerOptions } from "../../src/engine/region/lower/options.ts";
import type { Region } from "../../src/engine/region/form/region.ts";
import { tangent } from "../../src/engine/region/derive/tangent.ts";
import type { TransposeOptions } from "../../src/engine/region/derive/transpose.ts";
import { callOf, compileRegion } from "../../src/engine/runtime/regions.ts";
import { jsByRecord, wasmByRecord } from "./by-record.ts";
import type { RegionValue } from "./evaluate-region.ts";
import { evaluateRegion } from "./evaluate-region.ts";
import { expectPrintedRegion } from "./printed.ts";
import {
  along,
  byTensors,
  direction,
  inner,
  inProgram,
  isReal,
  mapValue,
  numbersOf,
  realParams,
  resultTypes,
} from "./region-derivatives.ts";
import { engineScalarValues } from "./scalar-values.ts";

/** A region with arguments, and how much of it is looked at. */
export interface Subject {
  readonly region: Region;
  readonly args: readonly RegionValue[];
  /**
   * Whether it computes in float64 throughout. With float32, results are rounded to 6e-8, but the exact derivatives are
   * not.
   */
  readonly isFine: boolean;
  /** True to check it also through the tensor API, which is slow, and in a program in which it is a primitive. */
  readonly throughTensors?: boolean;
  /** True to check the region, its gradient and the gradient's derivative on the backends. */
  readonly throughBackends?: boolean;
  /** Whether forward mode and derivatives of the second order are looked at. */
  readonly secondOrder?: boolean;
  /** Mode of the first derivative that reverse mode differentiates again; by default none. */
  readonly reverseOver?: "forward" | "reverse";
  /** Options of reverse mode, which disable parts of it. */
  readonly options?: TransposeOptions;
  /** Options of lowering, which disable parts of it. */
  readonly lowering?: LowerOptions;
}

const engineValues = engineScalarValues(scalarFunctions);

const backends: readonly (readonly [name: string, backend: Backend])[] = [
  ["race-checking interpreter", raceCheckingInterp()],
  ["JavaScript", makeJsBackend(undefined, callSizes)],
  ["WebAssembly", makeWasmBackend()],
  ["JavaScript by a record", jsByRecord],
  ["WebAssembly by a record", wasmByRecord],
];

/** Says what is wrong with a region's derivatives or with what runs it, if anything is. */
export function faultOfRegion(subject: Subject): string | undefined {
  const { region, args, isFine, options = {}, lowering = {} } = subject;
  const isMoving = realParams(region);
  const paramTypes = region.params.map(({ type }) => type);
  const outTypes = resultTypes(region);
  const reals = (values: readonly RegionValue[]): RegionValue[] =>
    values.filter((_, i) => isReal(outTypes[i]!));
  const [a, b] = [1, 2].map((salt) => direction(args, paramTypes, salt).filter((_, i) => isMoving[i])) as [
    RegionValue[],
    RegionValue[],
  ];
  const exact = along(region, args, a, b, engineValues);
  const { results, counts } = evaluateRegion(region, args, { values: engineValues });
  const cts = reals(direction(results, outTypes, 3));
  const near = closeTo(isFine);

  const gradient = cotangents(region, isMoving, scalarFunctions, options);
  const gradientArgs = [...args, ...cts];
  const pulled = evaluateRegion(gradient, gradientArgs, { values: engineValues }).results;
  const n = region.results.length;
  const fault =
    near("value of the gradient", pulled.slice(0, n), results) ??
    near("gradient", [inner(pulled.slice(n), a)], [inner(cts, exact.first)]) ??
    near(
      "gradient along another direction",
      [inner(pulled.slice(n), b)],
      [inner(cts, along(region, args, b, a, engineValues).first)],
    );
  if (fault !== undefined) return fault;
  if (subject.throughTensors === true) {
    const got = byTensors(region, args, counts, a, cts);
    const wrong =
      near("value of path A", got.values, reals(results)) ??
      near("tangent of path A", got.forward, exact.first) ??
      near("gradient of path A", got.backward, pulled.slice(n));
    if (wrong !== undefined) return wrong;
    const compiled = inProgram(region, args, cts, lowering);
    const wrongCompiled =
      compiled &&
      (near("value in a program", compiled.values, reals(results)) ??
        near("gradient in a program", compiled.backward, pulled.slice(n)));
    if (wrongCompiled !== undefined) return wrongCompiled;
  }
  if (subject.throughBackends === true) {
    expectPrintedRegion(region);
    expectPrintedRegion(gradient);
    const wrong =
      differenceOfBackends("the region", region, args, lowering) ??
      differenceOfBackends("the gradient", gradient, gradientArgs, lowering);
    if (wrong !== undefined) return wrong;
  }
  if (subject.secondOrder !== true) return undefined;
  const forward = tangent(region, isMoving, scalarFunctions, { primal: true });
  const tangents = evaluateRegion(forward, [...args, ...a], { values: engineValues }).results;
  const second = tangent(gradient, isMovingOnly(gradient, region), scalarFunctions, { primal: true });
  const secondArgs = [...gradientArgs, ...a];
  const bent = evaluateRegion(second, secondArgs, { values: engineValues }).results;
  const products = bent.slice(-isMoving.filter(Boolean).length);
  const reverse =
    subject.reverseOver === "forward"
      ? { over: forward, args: [...args, ...a], seeds: [...results.map(zeros), ...cts] }
      : { over: gradient, args: gradientArgs, seeds: [...pulled.slice(0, n).map(zeros), ...a] };
  if (subject.reverseOver !== undefined) {
    const { over } = reverse;
    const transposed = cotangents(over, isMovingOnly(over, region), scalarFunctions, options);
    const seeds = reverse.seeds.filter((_, i) => isReal(resultTypes(over)[i]!));
    const again = evaluateRegion(transposed, [...reverse.args, ...seeds], { values: engineValues });
    const wrong = near(
      `Hessian-vector product, reverse over ${subject.reverseOver}`,
      [inner(again.results.slice(over.results.length), b)],
      [inner(cts, exact.second)],
    );
    if (wrong !== undefined) return wrong;
  }
  return (
    near("value of the tangent", tangents.slice(0, n), results) ??
    near("tangent", tangents.slice(n), exact.first) ??
    near("Hessian-vector product", [inner(products, b)], [inner(cts, exact.second)]) ??
    (subject.throughBackends === true
      ? differenceOfBackends("the derivative of the gradient", second, secondArgs, lowering)
      : undefined)
  );
}

const zeros = (value: RegionValue): RegionValue => mapValue(value, () => 0);

/**
 * For each parameter of a gradient, whether it has a tangent: floating parameters of the region have one, cotangents do
 * not.
 */
function isMovingOnly(gradient: Region, region: Region): boolean[] {
  return gradient.params.map(({ type }, i) => i < region.params.length && isReal(type));
}

function closeTo(
  isFine: boolean,
): (what: string, got: readonly RegionValue[], want: readonly RegionValue[]) => string | undefined {
  const tolerance = isFine ? 1e-9 : 1e-3;
  return (what, got, want) => {
    const [xs, ys] = [got.flatMap(numbersOf), want.flatMap(numbersOf)];
    if (xs.length !== ys.length) return `${what}: ${xs.length} numbers, not ${ys.length}`;
    const size = Math.max(1, ...ys.map(Math.abs));
    const place = xs.findIndex((x, i) => !Object.is(x, ys[i]) && !(Math.abs(x - ys[i]!) <= tolerance * size));
    return place < 0 ? undefined : `${what}: number ${place} is ${xs[place]}, not ${ys[place]}`;
  };
}

/** A lowered region after it was written to a record and read back, which keeps everything but its statements. */
function recorded(region: Region, { version: { lowered } }: ReturnType<typeof compileRegion>): LoweredRegion {
  const record = JSON.parse(JSON.stringify(recordRoutine(lowered, region))) as ReturnType<
    typeof recordRoutine
  >;
  return readRoutine(record, lowered.routine.name);
}

/**
 * Describes a difference between a backend and the evaluator, with sums in source order. If sums are added in lanes,
 * backends must equal the interpreter in every bit, and the interpreter must be close to the evaluator.
 */
function differenceOfBackends(
  what: string,
  region: Region,
  args: readonly RegionValue[],
  lowering: LowerOptions,
): string | undefined {
  const want = evaluateRegion(region, args, { values: engineValues }).results.flatMap(numbersOf);
  for (const sums of [false, true]) {
    let first: readonly number[] | undefined;
    for (const [name, backend] of backends) {
      const code = compileRegion(region, backend, { ...lowering, sums });
      checkRoutine(code.version.lowered.routine);
      if (name.endsWith("by a record")) code.version = { ...code.version, lowered: recorded(region, code) };
      const got = callOf(code, region)(args).flatMap((value) => numbersOf(value as RegionValue));
      code.drop();
      const isSame = (x: number, i: number): boolean =>
        Object.is(x, got[i]) ||
        (sums && first === undefined && Math.abs(x - got[i]!) <= 1e-4 * Math.max(1, Math.abs(x)));
      const expected = sums ? (first ?? want) : want;
      const place = expected.findIndex((x, i) => !isSame(x, i));
      if (place >= 0 || got.length !== want.length)
        return `${what} by ${name}${sums ? ", sums in lanes" : ""}: number ${place} is ${got[place]}, not ${expected[place]}`;
      first ??= got;
    }
  }
  return undefined;
}
