// Checks a random plain function against the JavaScript function and against hyper-dual numbers that run through the
// same text. It compares value, jvp, gradient and the derivative of the gradient, by every backend and by the public
// transforms. An interpreter also checks that iterations of independent loops do not conflict.
import {
  configure,
  DownhillError,
  grad,
  jit,
  jvp,
  type RuntimeOptions,
  tensor,
  type Tensor,
  vjp,
} from "downhill";
import { raceCheckingInterp, sizedInterp } from "../../src/engine/backends/interp/index.ts";
import { makeJsBackend } from "../../src/engine/backends/js/index.ts";
import { makeWasmBackend, wasmFeatures } from "../../src/engine/backends/wasm/index.ts";
import { callSizes } from "../../src/engine/kernel/call-sizes.ts";
import type { Backend, KernelValue } from "../../src/engine/kernel/executable.ts";
import { wrapRegion } from "../../src/engine/region/lower/derived.ts";
import type { Region } from "../../src/engine/region/form/region.ts";
import { callOf, compileRegion } from "../../src/engine/runtime/regions.ts";
import type { AnyFunction } from "../../src/engine/transforms/plain.ts";
import { functionOf } from "../../src/numeric/plain/call/attach.ts";
import { gradientRegion, tangentRegion } from "../../src/numeric/plain/call/regions.ts";
import type { PlainForm } from "../../src/numeric/plain/form/form.ts";
import { PlainError } from "../../src/numeric/plain/syntax/refuse.ts";
import { wasmByRecord } from "./by-record.ts";
import type { DualNumber } from "./dual-javascript.ts";
import { dualFunction, dualOperations, OutOfRange } from "./dual-javascript.ts";
import type { RegionValue } from "./evaluate-region.ts";
import type { HyperDual } from "./hyper-dual.ts";
import { formOfText, functionOfText, regionArguments } from "./plain-region.ts";
import { expectPrintedRegion } from "./printed.ts";
import type { PlainProgram } from "./random-plain.ts";
import { numbersOf } from "./region-derivatives.ts";
import { seeded } from "./sampling.ts";

/** Way to compile and call a program. */
export type CallMode =
  /** Its regions, by the race-checking interpreter and by a backend. They must return equal bits if `isExact`. */
  | {
      readonly kind: "regions";
      readonly backend: Backend;
      readonly isExact: boolean;
      readonly regions: readonly RegionName[];
      /** Recomputation of loops in the backward pass, as in `Region`. */
      readonly checkpoint?: true | number;
      /** True if regions are printed too. */
      readonly isPrinted?: true;
    }
  /** The function through the public transforms with these options. */
  | { readonly kind: "calls"; readonly options: RuntimeOptions }
  /** The same with tensors, inside a compiled program. */
  | { readonly kind: "tensors"; readonly options: RuntimeOptions; readonly dtype: "float64" | "float32" };

type RegionMode = CallMode & { readonly kind: "regions" };
type RegionName = "value" | "tangent" | "gradient" | "second";

const exactWasm = makeWasmBackend();
const sizedJs = makeJsBackend(undefined, callSizes);
const regions = (backend: Backend, isExact: boolean, ...names: readonly RegionName[]): RegionMode => ({
  kind: "regions",
  backend,
  isExact,
  regions: names,
});

/** Modes to cycle through. Backends are forced, because small programs would run as JavaScript. */
export const callModes: readonly CallMode[] = [
  regions(exactWasm, true, "value", "gradient"),
  regions(exactWasm, true, "value", "second"),
  { kind: "calls", options: { backend: "wasm" } },
  regions(sizedJs, true, "value", "gradient"),
  { kind: "tensors", options: { backend: "wasm", reproducible: true }, dtype: "float32" },
  regions(makeWasmBackend({ relaxed: wasmFeatures().relaxed }), false, "value", "gradient"),
  regions(wasmByRecord, true, "tangent", "gradient"),
  { ...regions(exactWasm, true, "gradient", "second"), checkpoint: true },
  { ...regions(sizedJs, true, "gradient"), checkpoint: 3, isPrinted: true },
  regions(sizedInterp, true, "value", "second"),
  { kind: "calls", options: { backend: "js", reproducible: true } },
  regions(exactWasm, true, "value", "gradient"),
  { kind: "tensors", options: { backend: "wasm" }, dtype: "float64" },
  { kind: "calls", options: {} },
];

/** A value or derivative, and the error that rounding may cause. */
interface Expected {
  readonly value: number;
  /** Change of the value when each operation is perturbed by some ulps. */
  readonly spread: number;
}

/** Relative size of the perturbations that measure `spread`: 4 ulps. */
const disturbance = 2 ** -50;
/**
 * Accepted multiples of `spread`. The perturbations are independent, so that n of them add up like √n. Compiled code
 * that sums in another order has errors of that size. A systematic error of n roundings is at most √n times as large,
 * and n ≤ 6000.
 */
const spreads = 80;
/** Rounding errors of the result itself and of the inner products that compare gradients. */
const roundings = 2 ** 14;

/**
 * Describes how a program differs from JavaScript or from its exact derivatives; `undefined` if it does not. A program
 * that reads or writes out of range must be refused when it runs. Programs whose results depend on rounding are not
 * compared.
 */
export function faultOfNest(program: PlainProgram, mode: CallMode): string | undefined {
  const { typescript, javascript, args } = program;
  const exact = exactDerivatives(program);
  if (exact === undefined) return undefined;
  const form = formOrRefusal(typescript);
  if (form === undefined) return undefined;
  if (exact === "out of range") return faultOfRefusal(form, program, mode);
  const close = closeTo(mode.kind === "tensors" && mode.dtype === "float32" ? 2 ** -24 : 2 ** -53);
  const plain = functionOfText(javascript)(...args) as number;
  return (
    close("hyper-dual numbers", exact.value.value, { ...exact.value, value: plain }) ??
    faultIn(form, program, mode, exact, close)
  );
}

/** Checks that a program with an index out of range throws `range`. */
function faultOfRefusal(form: PlainForm, program: PlainProgram, mode: CallMode): string | undefined {
  const none = { value: 0, spread: 0 };
  const nothing: ExactDerivatives = { value: none, a: none, b: none, ab: none };
  const last = mode.kind === "regions" ? { ...mode, regions: mode.regions.slice(-1) } : mode;
  try {
    faultIn(form, program, last, nothing, () => undefined);
  } catch (error) {
    if (error instanceof DownhillError && error.code === "range") return undefined;
    throw error;
  }
  return "an access out of range was not refused";
}

function faultIn(
  form: PlainForm,
  program: PlainProgram,
  mode: CallMode,
  exact: ExactDerivatives,
  close: Close,
): string | undefined {
  if (mode.kind === "regions") return faultOfRegions(form, program, mode, exact, close);
  configure(mode.options);
  try {
    const f = functionOf(form, () => []);
    return mode.kind === "tensors"
      ? faultOfTensors(f, program, mode.dtype, exact, close)
      : faultOfCalls(f, program, exact, close);
  } finally {
    configure({});
  }
}

/** The form of a program; `undefined` if the language refuses it, as it does some swaps of arrays. */
function formOrRefusal(typescript: string): PlainForm | undefined {
  try {
    return formOfText(typescript);
  } catch (error) {
    if (error instanceof PlainError) return undefined;
    throw error;
  }
}

/** Compares regions: the function, its tangent, its gradient, and the tangent of its gradient. */
function faultOfRegions(
  form: PlainForm,
  { args, wrt }: PlainProgram,
  { backend, isExact, regions: names, checkpoint, isPrinted }: RegionMode,
  exact: ExactDerivatives,
  close: Close,
): string | undefined {
  const { values, owners } = regionArguments(form, args);
  const active = owners.map((owner) => wrt.includes(owner));
  const along = (direction: number): RegionValue[] =>
    regionArguments(form, alongOf(args, wrt, direction)).values.filter((_, i) => active[i]);
  const [a, b] = [along(0), along(1)];
  const base = wrapRegion(checkpoint === undefined ? form.region : { ...form.region, checkpoint });
  const gradient = gradientRegion(base, active, "values gradient");
  const run = (region: Region, ...tangents: readonly RegionValue[]): RegionValue[] => {
    if (isPrinted === true) expectPrintedRegion(region);
    return callTwice(region, backend, isExact, [...values, ...tangents]);
  };
  const isActive = gradient.region().params.map((_, i) => active[i] === true);
  const faults: Readonly<Record<RegionName, () => string | undefined>> = {
    value: () => close("value", run(form.region)[0] as number, exact.value),
    tangent() {
      const [value, slope] = run(tangentRegion(base, active).region(), ...a) as number[];
      return close("value beside the tangent", value!, exact.value) ?? close("tangent", slope!, exact.a);
    },
    gradient() {
      const [value, ...slopes] = run(gradient.region());
      const [first, second] = [inner(slopes, a), inner(slopes, b)];
      return (
        close("value beside the gradient", value as number, exact.value) ??
        close("gradient", first.value, exact.a, first.size) ??
        close("gradient along another direction", second.value, exact.b, second.size)
      );
    },
    second() {
      const [value, ...rest] = run(tangentRegion(gradient, isActive).region(), ...a);
      const count = a.length;
      const [slopes, [slope], bent] = [rest.slice(0, count), rest.slice(count), rest.slice(count + 1)];
      const [first, second] = [inner(slopes, b), inner(bent, b)];
      return (
        close("value beside second derivatives", value as number, exact.value) ??
        close("gradient beside second derivatives", first.value, exact.b, first.size) ??
        close("tangent beside second derivatives", slope as number, exact.a) ??
        close("Hessian-vector product", second.value, exact.ab, second.size)
      );
    },
  };
  for (const name of names) {
    const fault = faults[name]();
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** Runs a region by the race-checking interpreter and by another backend. */
function callTwice(
  region: Region,
  backend: Backend,
  isExact: boolean,
  args: readonly RegionValue[],
): RegionValue[] {
  let difference: string | undefined;
  const checker = raceCheckingInterp();
  const both: Backend = {
    ...backend,
    compile(routine) {
      const [checked, compiled] = [checker.compile(routine), backend.compile(routine)];
      const run = (inputs: readonly KernelValue[], outputs: KernelValue[]): void => {
        const own = outputs.map((slot): KernelValue =>
          typeof slot === "number" ? slot : { ...slot, array: slot.array.slice() },
        );
        checked(inputs, own);
        compiled(inputs, outputs);
        difference = firstDifference(own, outputs);
      };
      return Object.assign(run, compiled.release === undefined ? {} : { release: compiled.release });
    },
  };
  const code = compileRegion(region, both);
  const results = callOf(code, region)(args);
  code.drop();
  if (isExact && difference !== undefined)
    throw new Error(`${backend.name} and the interpreter differ in ${region.name}: ${difference}`);
  return results;
}

function firstDifference(own: readonly KernelValue[], outputs: readonly KernelValue[]): string | undefined {
  for (const [k, slot] of own.entries()) {
    const other = outputs[k]!;
    const [xs, ys] = [slot, other].map((one) => (typeof one === "number" ? [one] : Array.from(one.array)));
    const place = xs!.findIndex((x, i) => !Object.is(x, ys![i]));
    if (place >= 0) return `output ${k}, number ${place}: ${ys![place]}, not ${xs![place]}`;
  }
  return undefined;
}

/** Compares the public transforms. */
function faultOfCalls(
  f: AnyFunction,
  { args, wrt }: PlainProgram,
  exact: ExactDerivatives,
  close: Close,
): string | undefined {
  const [a, b] = [alongOf(args, wrt, 0), alongOf(args, wrt, 1)];
  const gradient = grad(f as never, { argnums: wrt } as never) as unknown as AnyFunction;
  const compiled = jit(f as never) as unknown as AnyFunction;
  const forward = jvp as unknown as (g: AnyFunction, at: unknown, along: unknown) => [unknown, unknown];
  const call = (g: AnyFunction): unknown => g(...(args as never[]));
  const value = close("value", call(compiled) as number, exact.value);
  if (value !== undefined) return value;
  const slopes = call(gradient);
  const [again, tangent] = forward(f, args, a) as [number, number];
  const bent = forward(gradient, args, a)[1];
  const sum = inner(slopes, pick(a, wrt));
  const other = inner(slopes, pick(b, wrt));
  const second = inner(bent, pick(b, wrt));
  return (
    close("gradient", sum.value, exact.a, sum.size) ??
    close("gradient along another direction", other.value, exact.b, other.size) ??
    close("value of jvp", again, exact.value) ??
    close("jvp", tangent, exact.a) ??
    close("Hessian-vector product", second.value, exact.ab, second.size)
  );
}

/** Compares the public transforms inside a compiled program, in which the function is a primitive. */
function faultOfTensors(
  f: AnyFunction,
  { args, wrt }: PlainProgram,
  dtype: "float64" | "float32",
  exact: ExactDerivatives,
  close: Close,
): string | undefined {
  const moving = wrt.map((k) => asTensor(args[k], dtype));
  const call = (...xs: Tensor[]): Tensor => {
    const all = args.map((arg, k) => (wrt.includes(k) ? xs[wrt.indexOf(k)] : arg));
    return f(...(all as never[])) as Tensor;
  };
  const pulled = (...xs: Tensor[]): Tensor[] => {
    const [value, pull] = vjp(call as never, ...(xs as never[])) as unknown as [
      Tensor,
      (ct: Tensor) => Tensor[],
    ];
    return [value, ...pull(tensor(1, { dtype }))];
  };
  const [value, ...slopes] = jit(pulled as never)(...(moving as never[])) as unknown as Tensor[];
  const numbers = slopes.map((slope) => slope.tolist());
  const [a, b] = [0, 1].map((direction) => inner(numbers, pick(alongOf(args, wrt, direction), wrt)));
  return (
    close("value by tensors", value!.item(), exact.value) ??
    close("gradient by tensors", a!.value, exact.a, a!.size) ??
    close("gradient by tensors along another direction", b!.value, exact.b, b!.size)
  );
}

function asTensor(value: unknown, dtype: "float64" | "float32"): Tensor {
  return tensor(ArrayBuffer.isView(value) ? Array.from(value as Float64Array) : (value as number), { dtype });
}

interface ExactDerivatives {
  readonly value: Expected;
  readonly a: Expected;
  readonly b: Expected;
  readonly ab: Expected;
}

/** Value and derivatives by hyper-dual numbers; `undefined` if they depend on rounding. */
function exactDerivatives(program: PlainProgram): ExactDerivatives | "out of range" | undefined {
  const random = seeded(1);
  const disturbed = (x: number): number => x * (1 + disturbance * (random() < 0.5 ? -1 : 1));
  const [exact, moved] = [derivativesBy(program, (x) => x), derivativesBy(program, disturbed)];
  if (exact === "out of range" || moved === "out of range")
    return exact === moved ? "out of range" : undefined;
  const part = (name: "x" | "a" | "b" | "ab"): Expected => ({
    value: exact[name],
    spread: Math.abs(exact[name] - moved[name]),
  });
  const all = { value: part("x"), a: part("a"), b: part("b"), ab: part("ab") };
  const isTelling = ({ value, spread }: Expected): boolean => spread <= 1e-8 * Math.max(1, Math.abs(value));
  return Object.values(all).every(isTelling) ? all : undefined;
}

function derivativesBy(
  { javascript, args, wrt }: PlainProgram,
  rounding: (x: number) => number,
): HyperDual | "out of range" {
  const duals = args.map((arg, k) => (wrt.includes(k) ? asDuals(arg, k) : arg));
  try {
    const result = dualFunction(javascript, dualOperations(rounding))(...duals) as DualNumber;
    return typeof result === "number" ? { x: result, a: 0, b: 0, ab: 0 } : result;
  } catch (error) {
    if (error instanceof OutOfRange) return "out of range";
    throw error;
  }
}

/** The slope of number i of argument k along direction 0 or 1. */
const slopeOf = (k: number, i: number, direction: number): number =>
  Math.cos(1 + 1.9 * k + (direction === 0 ? 2.1 : 3.3) * i);

/** A value with hyper-dual numbers in place of its numbers. */
function asDuals(value: unknown, k: number): unknown {
  let i = 0;
  return mapNumbers(value, (x) => {
    const dual = { x, a: slopeOf(k, i, 0), b: slopeOf(k, i, 1), ab: 0 };
    i++;
    return dual;
  });
}

/** Tangents of arguments along a direction: 0 for undifferentiated ones. */
function alongOf(args: readonly unknown[], wrt: readonly number[], direction: number): unknown[] {
  return args.map((arg, k) => {
    let i = 0;
    return mapNumbers(arg, () => (wrt.includes(k) ? slopeOf(k, i++, direction) : 0));
  });
}

function mapNumbers(value: unknown, f: (x: number) => unknown): unknown {
  if (typeof value === "number") return f(value);
  if (ArrayBuffer.isView(value) || Array.isArray(value))
    return Array.from(value as ArrayLike<unknown>, (item) => mapNumbers(item, f));
  const entries = Object.entries(value as Readonly<Record<string, unknown>>);
  return Object.fromEntries(entries.map(([name, field]) => [name, mapNumbers(field, f)]));
}

const pick = (values: readonly unknown[], places: readonly number[]): unknown[] =>
  places.map((k) => values[k]);

/** The inner product of all numbers of two values of equal structure, and the sum of the magnitudes of its terms. */
function inner(x: unknown, y: unknown): { readonly value: number; readonly size: number } {
  const [xs, ys] = [numbersIn(x), numbersIn(y)];
  if (xs.length !== ys.length) throw new Error(`${xs.length} numbers, expected ${ys.length}`);
  let [value, size] = [0, 0];
  xs.forEach((one, i) => {
    value += one * ys[i]!;
    size += Math.abs(one * ys[i]!);
  });
  return { value, size };
}

/** The numbers within nested arrays, and within arrays of regions. */
function numbersIn(value: unknown): number[] {
  if (typeof value === "number") return [value];
  if (Array.isArray(value)) return value.flatMap(numbersIn);
  if (ArrayBuffer.isView(value)) return Array.from(value as Float64Array);
  return numbersOf(value as RegionValue);
}

type Close = (what: string, got: number, want: Expected, size?: number) => string | undefined;

function closeTo(unit: number): Close {
  return (what, got, { value, spread }, size = 0) => {
    const magnitude = Math.max(1, Math.abs(value), size);
    const tolerance = roundings * unit * magnitude + (spreads * unit * spread) / disturbance;
    return Math.abs(got - value) <= tolerance ? undefined : `${what} is ${got}, expected ${value}`;
  };
}
