// The scalar functions of regions, derived from the elementwise primitives. Value, derivative and code are those of the
// primitive; its derivative rule is traced once per pattern of arguments that have a tangent.
import { DownhillError } from "../errors/index.ts";
import { dceProgram } from "../ir/dce.ts";
import type { Maybe } from "../ir/primitive.ts";
import type { Equation, Program, Var } from "../ir/program.ts";
import type { ScalarPrograms } from "../ir/region-series.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType, DType } from "../ir/types.ts";
import { arrayType, scalarTypeOf } from "../ir/types.ts";
import * as k from "../kernel/build.ts";
import { valueOf } from "../kernel/evaluate.ts";
import { powers } from "../kernel/math/powers.ts";
import type { Expr } from "../kernel/scalar.ts";
import { walkExpr } from "../kernel/walk.ts";
import type { ScalarFunction, ScalarFunctions } from "../region/form/functions.ts";
import type { RegionExpr, RegionType } from "../region/form/region.ts";
import { bind1 } from "../trace/bind.ts";
import { traceClosed } from "../trace/staging.ts";
import { must } from "../util/assert-never.ts";
import * as arithmetic from "./arithmetic.ts";
import type { ConvertParams, FullParams } from "./linear.ts";
import * as linear from "./linear.ts";
import * as transcendental from "./transcendental.ts";

type TensorOperation = (...xs: Tensor[]) => Tensor;

/** Scalar functions by name: number of arguments, and the tensor operation that defines each. */
export const operations: Readonly<Record<string, readonly [arity: number, apply: TensorOperation]>> = {
  add: [2, linear.add],
  sub: [2, linear.sub],
  neg: [1, linear.neg],
  stopGradient: [1, linear.stopGradient],
  mul: [2, arithmetic.mul],
  div: [2, arithmetic.div],
  strongMul: [2, (x, y) => arithmetic.strongMul(x, y)],
  strongMulBoth: [2, (x, y) => arithmetic.strongMul(x, y, true)],
  strongDiv: [2, arithmetic.strongDiv],
  maskedMul: [2, (x, y) => arithmetic.maskedMul(x, y)],
  maskedMulBoth: [2, (x, y) => arithmetic.maskedMul(x, y, true)],
  maskedDiv: [2, arithmetic.maskedDiv],
  rem: [2, arithmetic.rem],
  abs: [1, arithmetic.abs],
  sqrt: [1, arithmetic.sqrt],
  sign: [1, arithmetic.sign],
  floor: [1, arithmetic.floor],
  ceil: [1, arithmetic.ceil],
  round: [1, arithmetic.round],
  trunc: [1, arithmetic.truncate],
  maximum: [2, arithmetic.maximum],
  minimum: [2, arithmetic.minimum],
  less: [2, arithmetic.less],
  lessEqual: [2, arithmetic.lessEqual],
  equal: [2, arithmetic.equal],
  notEqual: [2, arithmetic.notEqual],
  bitwiseAnd: [2, arithmetic.both],
  bitwiseOr: [2, arithmetic.either],
  bitwiseXor: [2, arithmetic.differ],
  exp: [1, transcendental.exp],
  expm1: [1, transcendental.expm1],
  exp2: [1, transcendental.exp2],
  log: [1, transcendental.log],
  log1p: [1, transcendental.log1p],
  log2: [1, transcendental.log2],
  log10: [1, transcendental.log10],
  sin: [1, transcendental.sin],
  cos: [1, transcendental.cos],
  tan: [1, transcendental.tan],
  asin: [1, transcendental.asin],
  acos: [1, transcendental.acos],
  atan: [1, transcendental.atan],
  sinh: [1, transcendental.sinh],
  cosh: [1, transcendental.cosh],
  tanh: [1, transcendental.tanh],
  asinh: [1, transcendental.asinh],
  acosh: [1, transcendental.acosh],
  atanh: [1, transcendental.atanh],
  cbrt: [1, transcendental.cbrt],
  erf: [1, transcendental.erf],
  erfc: [1, transcendental.erfc],
  sigmoid: [1, transcendental.sigmoid],
  softplus: [1, transcendental.softplus],
  atan2: [2, transcendental.atan2],
  pow: [2, transcendental.pow],
};

/** The functions that regions may apply, named after primitives. */
export const scalarFunctions: ScalarFunctions = {
  // computed on access, because at import it would keep all functions in every bundle
  get names() {
    return [...Object.keys(operations), "logicalNot"];
  },
  get(name) {
    if (name === "logicalNot") return logicalNot;
    let found = functions.get(name);
    if (found === undefined && Object.hasOwn(operations, name)) {
      const eqn = equationNamed(name);
      functions.set(name, (found = name === "pow" ? powFunction(eqn) : scalarFunction(name, eqn)));
    }
    return found;
  },
};

// Cache of functions; the first call of a plain function needs only a few.
const functions = new Map<string, ScalarFunction>();
const equations = new Map<string, Equation>();

function equationNamed(name: string): Equation {
  let eqn = equations.get(name);
  if (eqn === undefined) {
    const [arity, apply] = must(operations[name], `the scalar function ${name}`);
    equations.set(name, (eqn = equationOf(arity, apply)));
  }
  return eqn;
}

/** Primitives that occur in traced derivative rules but are not scalar functions. */
interface AuxiliaryPrimitives {
  readonly full: Equation["prim"];
  readonly convert: Equation["prim"];
  readonly powBy: Equation["prim"];
}

let others: AuxiliaryPrimitives | undefined;

function makeOthers(): AuxiliaryPrimitives {
  return {
    full: equationOf(1, (x) => linear.full(x.type, 2)).prim,
    convert: equationOf(1, (x) => linear.convert(x, "float32")).prim,
    powBy: equationOf(1, (x) => transcendental.powBy(x, 2)).prim,
  };
}

/** Translates an equation of a traced rule to a region expression. */
function expressEquation(eqn: Equation, args: readonly RegionExpr[]): RegionExpr {
  const { full, convert, powBy } = (others ??= makeOthers());
  const type = regionType(eqn.outs[0]!.type.dtype);
  if (eqn.prim === full) return { kind: "const", type, value: (eqn.params as FullParams).value };
  if (eqn.prim === convert) return convertExpr(eqn.params as ConvertParams, args[0]!);
  if (linear.isWhere(eqn)) return selectExpr(args[0]!, args[1]!, args[2]!);
  if (eqn.prim === powBy) {
    const { exponent } = eqn.params as { readonly exponent: number };
    return simplified("pow", type, [args[0]!, { kind: "const", type, value: exponent }]);
  }
  return simplified(nameOf(eqn), type, args);
}

/** Name of the function that an equation computes, usually the name of its primitive. */
function nameOf({ prim, params }: Equation): string {
  const computesIt = (name: string): boolean => {
    const known = equationNamed(name);
    return known.prim === prim && sameParams(known.params, params);
  };
  if (Object.hasOwn(operations, prim.name) && computesIt(prim.name)) return prim.name;
  return must(Object.keys(operations).find(computesIt), `the scalar function ${prim.name}`);
}

/**
 * The equation of an operation, with its primitive and parameters. It is traced on float64, or on bool if floats are
 * refused.
 */
function equationOf(arity: number, apply: TensorOperation): Equation {
  const on = (dtype: DType): Equation => {
    const types = Array.from({ length: arity }, () => arrayType(dtype, []));
    return must(traceClosed("scalar function", types, (...xs) => [apply(...xs)]).eqns[0], "the equation");
  };
  try {
    return on("float64");
  } catch (error) {
    if (error instanceof DownhillError && error.code === "dtype") return on("bool");
    throw error;
  }
}

function sameParams(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function simplified(name: string, type: RegionType, args: readonly RegionExpr[]): RegionExpr {
  return scalarFunctions.get(name)!.simplify(args) ?? { kind: "apply", type, function: name, args };
}

function convertExpr({ dtype }: ConvertParams, x: RegionExpr): RegionExpr {
  const type = regionType(dtype);
  return type === x.type ? x : { kind: "convert", type, x };
}

function selectExpr(condition: RegionExpr, x: RegionExpr, y: RegionExpr): RegionExpr {
  if (condition.kind === "const") return condition.value === 0 ? y : x;
  return { kind: "select", type: x.type, condition, x, y };
}

const dtypes: Readonly<Record<RegionType, DType>> = {
  f64: "float64",
  f32: "float32",
  i32: "int32",
  bool: "bool",
};

function scalarOf(type: RegionType): ArrayType {
  return arrayType(dtypes[type], []);
}

function regionType(dtype: DType): RegionType {
  const type = scalarTypeOf(dtype);
  if (type === "u32") throw new DownhillError("internal", "internal: regions have no uint32.");
  return type;
}

function scalarFunction(name: string, { prim, params }: Equation): ScalarFunction {
  const types = new Map<string, RegionType | undefined>();
  const costly = new Map<string, boolean>();
  const tangents = new Map<string, Program | undefined>();
  const constantsOf = (args: readonly RegionExpr[]): (number | undefined)[] =>
    args.map((x) => (x.kind === "const" ? x.value : undefined));
  const lower = (args: readonly Expr[]): Expr => {
    if (prim.lowering.kind !== "elementwise")
      throw new DownhillError("internal", `internal: ${name}: not elementwise.`);
    return prim.lowering.scalar(
      args,
      params,
      args.map((x) => scalarOf(x.type as RegionType)),
    );
  };
  return {
    name,
    isConstant: prim.derivative.kind === "constant",
    commutes: prim.algebra?.commutes ?? false,
    typeOf(args) {
      const key = args.join();
      if (!types.has(key)) types.set(key, resultType(prim, params, args));
      return types.get(key);
    },
    isCostly(args) {
      const key = args.map((x) => x.type).join();
      let is = costly.get(key);
      if (is === undefined)
        costly.set(key, (is = hasCall(lower(args.map((x, i) => k.local(x.type, `x${i}`))))));
      return is;
    },
    simplify(args) {
      if (!args.some((x) => x.kind === "const")) return undefined;
      const constants = constantsOf(args);
      const same = prim.algebra?.identity?.(
        constants,
        args.map((x) => scalarOf(x.type)),
        params,
      );
      if (same !== undefined) return args[same]!;
      if (constants.includes(undefined)) return undefined;
      const code = lower(args.map((x) => k.constant(x.type, (x as { readonly value: number }).value)));
      const value = valueOf(code);
      return value === undefined ? undefined : { kind: "const", type: code.type as RegionType, value };
    },
    tangent(args, result, dargs, bind) {
      if (prim.derivative.kind === "constant" || dargs.every((dx) => dx === undefined)) return undefined;
      const ins = [...args.map((x) => scalarOf(x.type)), scalarOf(result.type)];
      const given = dargs.map((dx) => dx !== undefined);
      const key = `${args.map((x) => x.type).join()}|${given.join()}`;
      if (!tangents.has(key)) tangents.set(key, traceTangent(name, { prim, params }, ins, given));
      const rule = tangents.get(key);
      if (rule === undefined) return undefined;
      return applyRule(
        rule,
        [...args, result],
        dargs.filter((dx) => dx !== undefined),
        bind,
      );
    },
    lower,
  };
}

/** Result type of a primitive; undefined for operand types that it refuses. */
function resultType(
  prim: Equation["prim"],
  params: unknown,
  args: readonly RegionType[],
): RegionType | undefined {
  try {
    return regionType(prim.typeOf(args.map(scalarOf), params)[0]!.dtype);
  } catch (error) {
    if (error instanceof DownhillError && error.code !== "internal") return undefined;
    throw error;
  }
}

/** Logical negation, the only boolean operation that is not a primitive. */
const logicalNot: ScalarFunction = {
  name: "logicalNot",
  isConstant: true,
  commutes: false,
  typeOf: (args) => (args.length === 1 && args[0] === "bool" ? "bool" : undefined),
  isCostly: () => false,
  simplify: ([x]) =>
    x!.kind === "const" ? { kind: "const", type: "bool", value: x!.value === 0 ? 1 : 0 } : undefined,
  tangent: () => undefined,
  lower: ([x]) => k.not(x!),
};

function hasCall(expr: Expr): boolean {
  let found = false;
  walkExpr(expr, (x) => (found ||= x.kind === "call"));
  return found;
}

/**
 * The power function. Constant exponents in `powers` are computed by products and roots and have separate functions.
 */
function powFunction(eqn: Equation): ScalarFunction {
  const general = scalarFunction("pow", eqn);
  const special = new Map<number, ScalarFunction>();
  const by = (y: RegionExpr | Expr): ScalarFunction | undefined => {
    if (y.kind !== "const" || !powers.has(y.value)) return undefined;
    let power = special.get(y.value);
    if (power === undefined) {
      power = scalarFunction(
        "pow",
        equationOf(1, (x) => transcendental.powBy(x, y.value)),
      );
      special.set(y.value, power);
    }
    return power;
  };
  return {
    ...general,
    isCostly: ([x, y]) => (by(y!) === undefined ? general.isCostly([x!, y!]) : false),
    tangent([x, y], result, [dx, dy], bind) {
      const power = by(y!);
      return power === undefined
        ? general.tangent([x!, y!], result, [dx, dy], bind)
        : power.tangent([x!], result, [dx], bind);
    },
    lower: ([x, y], block) => by(y!)?.lower([x!], block) ?? general.lower([x!, y!], block),
  };
}

/**
 * Traces a derivative rule as a program. Its inputs are the arguments, the result, and the given tangents; its output
 * is the tangent of the result. Returns `undefined` if that tangent is 0.
 */
function traceTangent(
  name: string,
  { prim, params }: Pick<Equation, "prim" | "params">,
  types: readonly ArrayType[],
  given: readonly boolean[],
): Program | undefined {
  const arity = given.length;
  const tangentTypes = types.filter((_, i) => given[i] === true);
  const rule = traceClosed(`the tangent of ${name}`, [...types, ...tangentTypes], (...xs) => {
    let next = arity + 1;
    const dxs = given.map((isGiven): Maybe => (isGiven ? xs[next++] : undefined));
    const dy = tangentOf(prim, params, xs.slice(0, arity), xs[arity]!, dxs);
    return dy === undefined ? [] : [dy];
  });
  return rule.outs.length === 0 ? undefined : rule;
}

function tangentOf(
  prim: Equation["prim"],
  params: unknown,
  xs: readonly Tensor[],
  y: Tensor,
  dxs: readonly Maybe[],
): Maybe {
  const { derivative } = prim;
  switch (derivative.kind) {
    case "constant":
      return undefined;
    case "smooth":
      return derivative.jvp(dxs, xs, [y], params)[0];
    case "linear": {
      if (derivative.jvp) return derivative.jvp(dxs, xs, params)[0];
      return bind1(
        prim,
        dxs.map((dx, i) => linear.instantiate(dx, xs[i]!.type)),
        params,
      );
    }
    case "structured":
    case "none":
      throw new DownhillError("internal", `internal: ${prim.name} is not a scalar function.`);
  }
}

/**
 * Instantiates a rule for these arguments. The part that depends on tangents becomes one expression; all other values
 * are bound to locals.
 */
function applyRule(
  rule: Program,
  args: readonly RegionExpr[],
  tangents: readonly RegionExpr[],
  bind: (value: RegionExpr) => RegionExpr,
): RegionExpr {
  const values = new Map<Var, RegionExpr>();
  const linearVars = new Set<Var>();
  rule.ins.forEach((v, i) => {
    values.set(v, i < args.length ? args[i]! : tangents[i - args.length]!);
    if (i >= args.length) linearVars.add(v);
  });
  const uses = new Map<Var, number>();
  const count = (v: Var): void => void uses.set(v, (uses.get(v) ?? 0) + 1);
  rule.outs.forEach(count);
  for (const eqn of rule.eqns.toReversed()) if (uses.has(eqn.outs[0]!)) eqn.ins.forEach(count);
  for (const eqn of rule.eqns) {
    const out = eqn.outs[0]!;
    if (!uses.has(out)) continue;
    const value = expressEquation(
      eqn,
      eqn.ins.map((v) => values.get(v)!),
    );
    const isLinear = eqn.ins.some((v) => linearVars.has(v));
    if (isLinear) linearVars.add(out);
    const isAtom = value.kind === "const" || value.kind === "local";
    values.set(out, isAtom || (isLinear && uses.get(out) === 1) ? value : bind(value));
  }
  return values.get(rule.outs[0]!)!;
}

/** Traces transforms of scalar functions, and writes them as region expressions. */
export const scalarPrograms: ScalarPrograms = {
  trace(name, args, more, transform) {
    const [, apply] = must(operations[name], `the scalar function ${name}`);
    const free = args.filter((x) => x.kind !== "const");
    const types = [...free.map((x) => x.type), ...more].map(scalarOf);
    return traceClosed(name, types, (...xs) => {
      let next = 0;
      const given = args.map((x) =>
        x.kind === "const" ? linear.full(scalarOf(x.type), x.value) : xs[next++]!,
      );
      return transform(apply, given, xs.slice(next));
    });
  },
  write(program, ins, bind) {
    const values = new Map(program.ins.map((v, i) => [v, ins[i]!]));
    const { eqns } = dceProgram(program, program.outs.map(() => true)).program; // prettier-ignore
    for (const eqn of eqns) {
      const args = eqn.ins.map((v) => must(values.get(v), "a value"));
      values.set(eqn.outs[0]!, bind(expressEquation(eqn, args)));
    }
    return program.outs.map((v) => must(values.get(v), "a result"));
  },
};
