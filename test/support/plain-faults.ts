// Checks that hold for every plain function. Its region computes the results of the JavaScript, also near the given
// arguments. Therefore differences of the JavaScript are the derivatives of the region, and the checks of regions
// apply.
import { DownhillError } from "downhill";
import { makeJsBackend } from "../../src/engine/backends/js/index.ts";
import { makeWasmBackend } from "../../src/engine/backends/wasm/index.ts";
import { callSizes } from "../../src/engine/kernel/call-sizes.ts";
import { provideErrors } from "../../src/engine/region/lower/failure.ts";
import { callOf, compileRegion } from "../../src/engine/runtime/regions.ts";
import type { PlainForm } from "../../src/numeric/plain/form/form.ts";
import { faultOfEmitted } from "./emitted-faults.ts";
import type { RegionValue } from "./evaluate-region.ts";
import { evaluateRegion } from "./evaluate-region.ts";
import { leavesOf } from "./plain-differences.ts";
import { regionArguments, regionResults } from "./plain-region.ts";
import type { Subject } from "./region-agreement.ts";
import { faultOfRegion } from "./region-agreement.ts";
import { along, inner, isReal, mapValue, numbersOf, realParams, resultTypes } from "./region-derivatives.ts";

/** A plain function in both of its forms, with arguments. */
export interface PlainSubject extends Omit<Subject, "region" | "args" | "isFine"> {
  readonly form: PlainForm;
  readonly f: (...args: never[]) => unknown;
  readonly args: readonly unknown[];
  /** Indices of the differentiated arguments. */
  readonly wrt: readonly number[];
  /** Offset from the arguments at which values are compared too (0.37). */
  readonly beside?: number;
  /** Values of outer names. */
  readonly outside?: Readonly<Record<string, unknown>>;
}

/** Describes how a plain function and its region differ; `undefined` if they do not. */
export function faultOfPlain(subject: PlainSubject): string | undefined {
  const { form, f, args, wrt, outside = {}, beside = 0.37 } = subject;
  const { region } = form;
  const call = (values: readonly unknown[]): RegionValue[] =>
    regionResults(form, f(...(structuredClone(values) as never[])));
  const { values, owners } = regionArguments(form, args, outside);
  const thrown = thrownBy(f, args);
  if (thrown !== undefined) return faultOfThrown(form, values, thrown);
  const want = call(args);
  const { results } = evaluateRegion(region, values);
  const value = difference("value", results, want, 1e-11);
  if (value !== undefined) return value;

  // at nearby arguments too, and slopes along a direction of the differentiated arguments
  const moved = (h: number): unknown[] => {
    const copy = structuredClone(args) as unknown[];
    for (const k of wrt)
      leavesOf(copy as unknown as Record<number, unknown>, k).forEach(({ get, set }, i) =>
        set(get() + h * slope(k, i) * (k === zeroPlace(args) ? 0 : 1)),
      );
    return copy;
  };
  const there = moved(beside);
  const valuesThere = regionArguments(form, there, outside).values;
  const thrownThere = thrownBy(f, there);
  const other =
    thrownThere === undefined
      ? difference("value elsewhere", evaluateRegion(region, valuesThere).results, call(there), 1e-11)
      : faultOfThrown(form, valuesThere, thrownThere);
  if (other !== undefined) return other;
  const isMoving = realParams(region);
  const [still, unit] = [
    regionArguments(form, moved(0), outside).values,
    regionArguments(form, moved(1), outside).values,
  ];
  const tangents = unit
    .map((one, i) => {
      const from = numbersOf(still[i]!);
      return mapValue(one, (x, j) => (wrt.includes(owners[i]!) ? x - from[j]! : 0));
    })
    .filter((_, i) => isMoving[i]);
  const types = resultTypes(region);
  const ones = results.filter((_, i) => isReal(types[i]!)).map((one) => mapValue(one, () => 1));
  const sum = (h: number): number => {
    const near = moved(h);
    if (thrownBy(f, near) !== undefined) return NaN; // like a kink
    return inner(
      call(near).filter((_, i) => isReal(types[i]!)),
      ones,
    );
  };
  const central = (h: number): number => (sum(h) - sum(-h)) / (2 * h);
  const [near, far] = [central(1e-6), central(3e-6)];
  const size = Math.max(1, Math.abs(near));
  if (Math.abs(near - far) < 1e-5 * size) {
    // no kink is between
    const exact = inner(along(region, values, tangents, tangents).first, ones);
    if (!(Math.abs(exact - near) < 1e-4 * size)) return `derivative: ${exact}, and differences show ${near}`;
  }
  if (subject.throughBackends === true) {
    const emitted = faultOfEmitted(form, args, wrt, outside);
    if (emitted !== undefined) return emitted;
  }
  const isFine = !JSON.stringify(region).includes(`"f32"`);
  return faultOfRegion({ ...subject, region, args: values, isFine });
}

/** The error that a function throws for these arguments; `undefined` if it returns. */
function thrownBy(f: PlainSubject["f"], args: readonly unknown[]): Error | undefined {
  try {
    f(...(structuredClone(args) as never[]));
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

const throwing = [
  ["JavaScript", makeJsBackend(undefined, callSizes)],
  ["WebAssembly", makeWasmBackend()],
] as const;

/** Compares the error of a compiled region with that of its function: class and message must be equal. */
function faultOfThrown(
  { region }: PlainForm,
  values: readonly RegionValue[],
  error: Error,
): string | undefined {
  const own = error.constructor as ErrorConstructor;
  if (own !== Error) provideErrors(region, () => ({ [own.name]: own }));
  for (const [name, backend] of throwing) {
    const code = compileRegion(region, backend);
    try {
      callOf(code, region)(values);
      return `${name}: no error, and JavaScript throws ${String(error)}`;
    } catch (problem) {
      const isSame =
        problem instanceof Error &&
        (own === Error ? problem instanceof DownhillError : problem.constructor === own) &&
        problem.message.startsWith(`${error.message}\n`);
      if (!isSame) return `${name}: ${String(problem)}, and JavaScript throws ${String(error)}`;
    } finally {
      code.drop();
    }
  }
  return undefined;
}

/** Index of the argument that is exactly 0, at which functions are steepest. It stays fixed. */
const zeroPlace = (args: readonly unknown[]): number => args.indexOf(0);

const slope = (k: number, i: number): number => Math.cos(1 + 1.9 * k + 2.1 * i);

function difference(
  what: string,
  got: readonly RegionValue[],
  want: readonly RegionValue[],
  tolerance: number,
): string | undefined {
  const [xs, ys] = [got.flatMap(numbersOf), want.flatMap(numbersOf)];
  if (xs.length !== ys.length) return `${what}: ${xs.length} numbers, not ${ys.length}`;
  const place = xs.findIndex(
    (x, i) => !Object.is(x, ys[i]) && !(Math.abs(x - ys[i]!) <= tolerance * Math.max(1, Math.abs(ys[i]!))),
  );
  return place < 0
    ? undefined
    : `${what}: number ${place} is ${xs[place]}, and JavaScript gives ${ys[place]}`;
}
