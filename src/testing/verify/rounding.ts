// Estimates the effect of rounding on the results of a routine. The routine is run again under several seeds, with each
// floating-point operation perturbed by about its rounding error. A difference due to another order of sums, or to one
// rounding instead of two, is accepted if it is within a few times this effect. A choice between numbers within each
// other's errors then goes either way, so that programs with jumps have bounds too.
import { interpBackend } from "../../engine/backends/interp/index.ts";
import { canGenerateCode, jsBackend } from "../../engine/backends/js/index.ts";
import { internalError } from "../../engine/errors/index.ts";
import * as k from "../../engine/kernel/build.ts";
import { copyExpr, expandRoutine, isFloat } from "../../engine/kernel/index.ts";
import type { KernelValue, TypedArray } from "../../engine/kernel/executable.ts";
import { makeArray } from "../../engine/kernel/executable.ts";
import type { Expr, Procedure, Routine, ScalarType, Stmt } from "../../engine/kernel/index.ts";

type FloatPrecision = "f64" | "f32";

/** Spacing of floating-point numbers near 1. */
const ulp: Readonly<Record<FloatPrecision, number>> = { f64: 2 ** -52, f32: 2 ** -23 };
const seed = /* @__PURE__ */ k.local("i32", "seed of the rounding");

/** Returns a number in [−1, 1) that depends on the bits of `x` and the seed. */
function noise(block: k.Block, x: Expr, by: Expr): Expr {
  const mixed = (h: Expr, shift: number, factor: number): Expr => {
    const y = block.let(`h${shift}`, h);
    return k.mul(k.xor(y, k.shr(y, k.i32(shift))), k.i32(factor | 0));
  };
  const word =
    x.type === "f64"
      ? k.xor(k.highWord(x), k.mul(k.lowWord(x), k.i32(0x9e3779b1 | 0)))
      : k.unary("bitsOf", x);
  const first = mixed(k.xor(word, k.mul(by, k.i32(0x85ebca6b | 0))), 15, 0x2c1b3c6d);
  const h = block.let("h", mixed(mixed(first, 12, 0x297a2d39), 14, 0x2c1b3c6d));
  return k.mul(k.convert("f64", h), k.f64(2 ** -31));
}

/**
 * Builds code for an operation: its result, the condition that this is exact, and the numbers in whose ulps its
 * rounding errors are measured.
 */
type RoundedOperation = (
  block: k.Block,
  args: readonly Expr[],
) => { readonly result: Expr; readonly exact: Expr; readonly sizes: readonly Expr[] };

/** Builds code for the exact rounding error of the sum `r = x + y` (Knuth's algorithm). */
function errorOfSum(block: k.Block, x: Expr, y: Expr, r: Expr): Expr {
  const t = block.let("t", k.sub(r, x));
  return k.add(k.sub(x, k.sub(r, t)), k.sub(y, t));
}

const sum =
  (op: "add" | "sub"): RoundedOperation =>
  (block, [x, y]) => {
    const result = block.let("r", k.binary(op, x!, y!));
    const left = errorOfSum(block, x!, op === "add" ? y! : k.neg(y!), result);
    return { result, exact: k.eq(left, k.constant(result.type, 0)), sizes: [k.abs(x!), k.abs(y!)] };
  };

/** Code of the operations that round, by name. They are perturbed only if they are not exact for their operands. */
const operations: Readonly<Record<string, RoundedOperation>> = {
  add: /* @__PURE__ */ sum("add"),
  sub: /* @__PURE__ */ sum("sub"),
  mul: (block, [x, y]) => {
    const result = block.let("r", k.mul(x!, y!));
    return { result, exact: isExactProduct(block, x!, y!, result), sizes: [result] };
  },
  div: (block, [x, y]) => {
    const result = block.let("r", k.div(x!, y!));
    return { result, exact: k.bool(false), sizes: [result] };
  },
  sqrt: (block, [x]) => {
    const result = block.let("r", k.sqrt(x!));
    return { result, exact: k.bool(false), sizes: [result] };
  },
  mulAdd: (block, [x, y, z]) => {
    const product = block.let("product", k.mul(x!, y!));
    const result = block.let("r", k.add(product, z!));
    const left = errorOfSum(block, product, z!, result);
    const exact = k.and(isExactProduct(block, x!, y!, product), k.eq(left, k.constant(result.type, 0)));
    return { result, exact, sizes: [k.abs(product), k.abs(z!)] };
  },
  // A term of a sum. Even if the sum is exact in this order it may be inexact in another, unless half of the digits
  // suffice for the term.
  term: (block, [x]) => {
    const result = block.let("r", x!);
    const half =
      x!.type === "f64"
        ? k.convert("f64", k.convert("f32", result))
        : k.unary("fromBits", k.and(k.unary("bitsOf", result), k.i32(-4096)));
    return { result, exact: k.eq(half, result), sizes: [result] };
  },
  // a function whose own steps may be rounded once or twice, or a conversion to float32
  other: (block, [x]) => {
    const result = block.let("r", x!);
    return { result, exact: k.bool(false), sizes: [result, result] };
  },
};

/**
 * Builds the condition that the product `r = x · y` is exact. For float64 it multiplies the Veltkamp halves of both
 * factors, which is free of error.
 */
function isExactProduct(block: k.Block, x: Expr, y: Expr, r: Expr): Expr {
  if (r.type === "f32") return k.eq(k.mul(k.convert("f64", x), k.convert("f64", y)), k.convert("f64", r));
  const halves = (z: Expr, name: string): readonly [Expr, Expr] => {
    const big = block.let(`${name}.big`, k.mul(k.f64(2 ** 27 + 1), z));
    const high = block.let(`${name}.high`, k.sub(big, k.sub(big, z)));
    return [high, block.let(`${name}.low`, k.sub(z, high))];
  };
  const [[a, b], [c, e]] = [halves(x, "x"), halves(y, "y")];
  const left = k.sub(k.mul(b, e), k.sub(k.sub(k.sub(r, k.mul(a, c)), k.mul(b, c)), k.mul(a, e)));
  return k.eq(left, k.f64(0)); // NaN on overflow, which counts as inexact
}

const known = /* @__PURE__ */ new Map<string, Procedure>();

/**
 * Returns a procedure that computes an operation and adds a rounding error, chosen by the bits of the result and the
 * seed. Exact, zero and non-finite results stay unchanged.
 */
function shaken(name: string, type: FloatPrecision): Procedure {
  const key = `${name} ${type}`;
  const made = known.get(key);
  if (made !== undefined) return made;
  const count = { mulAdd: 3, sqrt: 1, term: 1, other: 1 }[name] ?? 2;
  const params = Array.from({ length: count }, (_, i) => [`x${i}`, type] as const);
  const procedure = k.procedure(`shaken ${key}`, [...params, ["seed", "i32"]], (block, all) => {
    const { result, exact, sizes } = operations[name]!(block, all.slice(0, count));
    const is = (x: Expr, y: number): Expr => k.eq(x, k.constant(type, y));
    const stays = k.or(k.or(exact, is(result, 0)), k.not(k.lt(k.abs(result), k.constant(type, Infinity))));
    const off = k.convert(type, k.mul(noise(block, result, all.at(-1)!), k.f64(ulp[type])));
    const moved = sizes.reduce((acc, size) => k.add(acc, k.mul(size, off)), result);
    return k.select(stays, result, moved);
  });
  known.set(key, procedure);
  return procedure;
}

function shake(expr: Expr): Expr {
  return copyExpr(expr, (part) => {
    if (!isFloat(part.type)) return undefined;
    const type = part.type as FloatPrecision;
    const through = (name: string, ...args: readonly Expr[]): Expr =>
      k.call(shaken(name, type), ...args, seed);
    switch (part.kind) {
      case "binary":
        if (!["add", "sub", "mul", "div"].includes(part.op)) return undefined;
        return through(part.op, shake(part.x), shake(part.y));
      case "unary":
        return part.op === "sqrt" ? through("sqrt", shake(part.x)) : undefined;
      case "mulAdd":
        return through("mulAdd", shake(part.x), shake(part.y), shake(part.z));
      case "call": {
        const called = { ...part, args: part.args.map(shake) };
        return part.procedure === known.get(`term ${type}`) ? called : through("other", called);
      }
      case "convert":
        return type === "f32" && part.x.type === "f64"
          ? through("other", { ...part, x: shake(part.x) })
          : undefined;
      case "const":
      case "local":
      case "load":
      case "table":
      case "select":
        return undefined;
    }
  });
}

function shakeBlock(block: readonly Stmt[]): Stmt[] {
  return block.map((stmt): Stmt => {
    switch (stmt.kind) {
      case "let":
      case "set":
        return { ...stmt, value: shake(stmt.value) };
      case "store":
        return { ...stmt, index: shake(stmt.index), value: shake(stmt.value) };
      case "for":
        return { ...stmt, from: shake(stmt.from), to: shake(stmt.to), body: shakeBlock(stmt.body) };
      case "while":
        return { ...stmt, condition: shake(stmt.condition), body: shakeBlock(stmt.body) };
      case "if":
        return {
          ...stmt,
          condition: shake(stmt.condition),
          then: shakeBlock(stmt.then),
          otherwise: shakeBlock(stmt.otherwise),
        };
      case "comment":
        return stmt;
      case "reduce":
      case "contract":
        throw internalError(`${stmt.kind} is written out before`);
    }
  });
}

/** Perturbs the terms of all floating-point sums (`reduce`) in the statements. */
function shakeTerms(block: readonly Stmt[]): Stmt[] {
  return block.map((stmt): Stmt => {
    switch (stmt.kind) {
      case "reduce": {
        const { op, value } = stmt;
        const isSum = op === "add" && isFloat(value.type);
        const term = isSum ? k.call(shaken("term", value.type as FloatPrecision), value, seed) : value;
        return { ...stmt, body: shakeTerms(stmt.body), value: term };
      }
      case "for":
      case "while":
        return { ...stmt, body: shakeTerms(stmt.body) };
      case "if":
        return { ...stmt, then: shakeTerms(stmt.then), otherwise: shakeTerms(stmt.otherwise) };
      case "let":
      case "set":
      case "store":
      case "contract":
      case "comment":
        return stmt;
    }
  });
}

/**
 * Returns the routine with a small error in the result of each floating-point operation. The errors depend on a seed,
 * which is its last input.
 */
export function shakenRoutine(routine: Routine): Routine {
  const { inputs, outputs, body, ...rest } = expandRoutine({ ...routine, body: shakeTerms(routine.body) });
  return {
    ...rest,
    inputs: [...inputs, { kind: "scalar", name: "seed of the rounding", type: "i32" }],
    outputs: outputs.map((port) => (port.kind === "scalar" ? { ...port, value: shake(port.value) } : port)),
    body: shakeBlock(body),
  };
}

/** Total numbers of runs with random errors: 4 at first, and more only while these do not explain a difference. */
const runs = [4, 32, 256];
/** Multiple of the largest deviation in these runs by which a result may differ. */
const factor = 8;
/**
 * Relative error, with respect to the larger of a result and 1, beyond which the result is near a jump or its formula
 * is unstable.
 */
const vague: Readonly<Record<FloatPrecision, number>> = { f64: 2 ** -24, f32: 2 ** -8 };

/** A result that differs by more than rounding explains. */
export interface RoundingViolation {
  readonly result: number;
  readonly at: number;
  readonly got: number;
  readonly want: number;
  /** Largest accepted difference. */
  readonly allowed: number;
  /** False if time ran out before all runs with errors were made. */
  readonly isSure: boolean;
}

/** Bounds for the rounding errors of the results of a routine, found by runs with random errors. */
export interface Rounding {
  /**
   * Returns the first number of the results `got` that is off by more than rounding explains; `undefined` if there is
   * none. If `isInTime` returns false, no runs beyond the first 4 are made.
   */
  readonly find: (got: readonly TypedArray[], isInTime?: () => boolean) => RoundingViolation | undefined;
  /** True if some results are almost undetermined. */
  readonly isVague: () => boolean;
}

/**
 * Median of the relative deviations of the elements of a result; 0 for an empty result. It replaces the deviation of
 * elements that a few runs computed exactly by chance.
 */
function usualSpread(list: TypedArray, spread: Float64Array): number {
  const all = Array.from(list, (x, i) => (x === 0 ? 0 : spread[i]! / Math.abs(x))).filter(Number.isFinite);
  return all.sort((a, b) => a - b)[all.length >> 1] ?? 0;
}

/**
 * Creates the bounds. `expected` are the results of the routine for `inputs`, with numbers as arrays of one element.
 */
export function roundingOf(
  routine: Routine,
  inputs: readonly KernelValue[],
  expected: readonly TypedArray[],
): Rounding {
  const compiled = (canGenerateCode() ? jsBackend : interpBackend).compile(shakenRoutine(routine));
  const typeOf = (result: number): ScalarType => {
    const port = routine.outputs[result]!;
    return port.kind === "scalar" ? port.value.type : port.buffer.type;
  };
  /** Largest deviation of each number of a result so far; infinite if it may be non-finite. */
  const spread = expected.map((list) => new Float64Array(list.length));
  let done = 0;
  const learn = (count: number, isInTime: () => boolean): void => {
    for (; done < count && (done < runs[0]! || isInTime()); done++) {
      const slots = expected.map((list, result): KernelValue => {
        const isScalar = routine.outputs[result]!.kind === "scalar";
        return isScalar ? 0 : { array: makeArray(typeOf(result), list.length), offset: 0 };
      });
      compiled([...inputs, 1 + done], slots);
      expected.forEach((list, result) => {
        const slot = slots[result]!;
        const got = typeof slot === "number" ? [slot] : slot.array;
        const most = spread[result]!;
        for (let i = 0; i < list.length; i++) {
          if (Object.is(got[i], list[i])) continue;
          const off = Math.abs(got[i]! - list[i]!);
          most[i] = Math.max(most[i]!, Number.isNaN(off) ? Infinity : off);
        }
      });
    }
  };
  const violation = (got: readonly TypedArray[]): RoundingViolation | undefined => {
    for (const [result, list] of expected.entries()) {
      const have = got[result]!;
      const usual = usualSpread(list, spread[result]!);
      for (let i = 0; i < list.length; i++) {
        const [x, y] = [list[i]!, have[i]!];
        if (Object.is(x, y)) continue;
        const allowed = factor * Math.max(spread[result]![i]!, usual * Math.abs(x));
        if (!(Math.abs(x - y) <= allowed) && allowed !== Infinity)
          return { result, at: i, got: y, want: x, allowed, isSure: true };
      }
    }
    return undefined;
  };
  return {
    find(got, isInTime = () => true) {
      let found: RoundingViolation | undefined;
      for (const count of runs) {
        learn(count, isInTime);
        found = violation(got);
        if (found === undefined) return undefined;
        if (done < count) return { ...found, isSure: false };
      }
      return found;
    },
    isVague() {
      learn(runs[0]!, () => true);
      return expected.some((list, result) => {
        const type = typeOf(result);
        if (!isFloat(type)) return false;
        return list.some(
          (x, i) => spread[result]![i]! > vague[type as FloatPrecision] * Math.max(1, Math.abs(x)),
        );
      });
    },
  };
}
