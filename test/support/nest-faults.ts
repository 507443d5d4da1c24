// Checks a random plain function: its value, `jit`, `jvp`, `grad` and the derivative of `grad` against the JavaScript function and
// against hyper-dual numbers that run through the same text.
import { configure, grad, jit, jvp, type RuntimeOptions, tensor, Tensor, vjp } from "downhill";
import type { AnyFunction } from "../../src/numeric/plain/call/callable.ts";
import { functionOf } from "../../src/numeric/plain/call/attach.ts";
import type { DualNumber } from "./dual-javascript.ts";
import { dualFunction, dualOperations } from "./dual-javascript.ts";
import { formOfText, functionOfText } from "./plain-region.ts";
import type { PlainProgram } from "./random-plain.ts";
import { seeded } from "./sampling.ts";

/** How a program is compiled and called. */
export interface CallMode {
  readonly options: RuntimeOptions;
  /** Type of the tensors that it is called with inside `jit`; plain numbers and arrays otherwise. */
  readonly dtype?: "float64" | "float32";
}

/** Modes in turn: WebAssembly mostly, since small programs would run as JavaScript. */
export const callModes: readonly CallMode[] = [
  { options: { backend: "wasm", reproducible: true } },
  { options: { backend: "wasm" } },
  { options: { backend: "js" } },
  { options: { backend: "wasm" }, dtype: "float64" },
  { options: { backend: "wasm", reproducible: true } },
  { options: { backend: "wasm", reproducible: true }, dtype: "float32" },
  { options: {} },
  { options: { backend: "interpreter" } },
];

/** A derivative or value, and how far rounding may move it. */
interface Expected {
  readonly value: number;
  /** Change of the value when each operation is moved by some ulps. */
  readonly spread: number;
}

/** Relative size of the moves by which `spread` is measured: 4 ulps. */
const disturbance = 2 ** -50;
/**
 * Multiples of `spread` that are accepted. The moves are independent, so that they add up like √n of them. Compiled code that sums in
 * another order has other errors of that size; a systematic error of n roundings is at most √n times as large, and n ≤ 6000.
 */
const spreads = 80;
/** Roundings of the result itself and of the inner products that compare gradients. */
const roundings = 2 ** 14;

/**
 * Describes how a program differs from JavaScript or from its exact derivatives; `undefined` if it does not. Programs whose results
 * rounding changes entirely are not compared.
 */
export function faultOfNest(program: PlainProgram, mode: CallMode): string | undefined {
  const { typescript, javascript, args, wrt } = program;
  const plain = functionOfText(javascript)(...args) as number;
  const exact = exactDerivatives(program);
  if (!Number.isFinite(plain) || exact === undefined) return undefined;
  const close = closeTo(mode.dtype === "float32" ? 2 ** -24 : 2 ** -53);
  const oracle = close("hyper-dual numbers", exact.value.value, { ...exact.value, value: plain });
  if (oracle !== undefined) return oracle;
  const f = functionOf(formOfText(typescript), () => []);
  configure(mode.options);
  try {
    if (mode.dtype !== undefined) return faultOfTensors(f, program, mode.dtype, exact, close);
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
  } finally {
    configure({});
  }
}

/** The same inside a compiled program, where the function is a primitive. */
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
    const [value, pull] = vjp(call as never, ...(xs as never[])) as unknown as [Tensor, (ct: Tensor) => Tensor[]];
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

/** Value and derivatives by hyper-dual numbers; `undefined` where rounding decides about them. */
function exactDerivatives({ javascript, args, wrt }: PlainProgram): ExactDerivatives | undefined {
  const duals = args.map((arg, k) => (wrt.includes(k) ? asDuals(arg, k) : arg));
  const random = seeded(1);
  const disturbed = (x: number): number => x * (1 + disturbance * (random() < 0.5 ? -1 : 1));
  const [exact, moved] = [(x: number): number => x, disturbed].map((rounding) => {
    const result = dualFunction(javascript, dualOperations(rounding))(...duals) as DualNumber;
    return typeof result === "number" ? { x: result, a: 0, b: 0, ab: 0 } : result;
  });
  const part = (name: "x" | "a" | "b" | "ab"): Expected => ({
    value: exact![name],
    spread: Math.abs(exact![name] - moved![name]),
  });
  const all = { value: part("x"), a: part("a"), b: part("b"), ab: part("ab") };
  const isTelling = ({ value, spread }: Expected): boolean => spread <= 1e-8 * Math.max(1, Math.abs(value));
  return Object.values(all).every(isTelling) ? all : undefined;
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

/** Tangents of arguments along a direction: 0 for those that do not move. */
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

function numbersIn(value: unknown): number[] {
  const found: number[] = [];
  mapNumbers(value, (x) => found.push(x));
  return found;
}

type Close = (what: string, got: number, want: Expected, size?: number) => string | undefined;

function closeTo(unit: number): Close {
  return (what, got, { value, spread }, size = 0) => {
    const magnitude = Math.max(1, Math.abs(value), size);
    const tolerance = roundings * unit * magnitude + (spreads * unit * spread) / disturbance;
    return Math.abs(got - value) <= tolerance ? undefined : `${what} is ${got}, expected ${value}`;
  };
}
