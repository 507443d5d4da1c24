import { refuseExtra } from "../errors/arguments.ts";
import { DownhillError, showType } from "../errors/index.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { isFloating } from "../ir/types.ts";
import { customJvp as bindJvp, customVjp as bindVjp } from "../prims/custom.ts";
import { convert, zeros } from "../prims/linear.ts";
import type { Traced } from "../trace/staging.ts";
import { traceProgram } from "../trace/staging.ts";
import type { Program, Var } from "../ir/program.ts";
import type { TreeDef } from "../tree/tree.ts";
import { countLeaves, unflatten } from "../tree/tree.ts";
import type { LikeAll, TensorLike } from "../tree/types.ts";
import { sameShape } from "../util/shape.ts";
import {
  flattenArguments,
  flattenResult,
  matchTensors,
  requireFunction,
  unflattenArguments,
} from "./arguments.ts";
import { interned } from "../trace/intern.ts";
import "./program-tools.ts";

type AnyFunction = (...args: never[]) => unknown;

/** A function traced at arguments, and the structure of what it returns. */
interface TracedResult extends Traced {
  readonly def: TreeDef;
}

function traceResult(
  operation: string,
  f: AnyFunction,
  types: readonly ArrayType[],
  defs: readonly TreeDef[],
): TracedResult {
  let def: TreeDef = { kind: "leaf" };
  const traced = traceProgram(f.name === "" ? "f" : f.name, types, (...xs) => {
    const result = flattenResult(f(...(unflattenArguments(defs, xs) as never[])), operation);
    def = result.def;
    return result.leaves;
  });
  return { ...traced, def };
}

/** The same program behind a longer list of captured values. */
function takingAll({ program, captured }: Traced, all: readonly Tensor[]): Program {
  const own = program.ins.slice(0, captured.length);
  const shared = all.map((x): Var => own[captured.indexOf(x)] ?? { type: x.type });
  return { ...program, ins: [...shared, ...program.ins.slice(captured.length)] };
}

/** A tangent or cotangent as a tensor of the type that it must have. */
function fit(operation: string, what: string, x: Tensor, type: ArrayType): Tensor {
  if (sameShape(x.shape, type.shape) && isFloating(x.dtype)) return convert(x, type.dtype, type.weak);
  throw new DownhillError(
    "shape",
    `${operation}: ${what} is ${showType(x.type)}, expected ${showType(type)}.`,
  );
}

/**
 * The function with its own derivative: `rule(primals, tangents)` gets the arguments and their tangents, one each, and
 * returns the value and its tangent, which must be linear in the tangents. Reverse mode is the transpose of it. Integers
 * and booleans have zeros as tangents.
 *
 * What the function reads from outside must not be differentiated: pass it as an argument.
 *
 * @example
 * // the derivative of log(1 + eˣ) without overflow
 * const f = customJvp((x: Tensor) => log1p(exp(x)), ([x], [dx]) => [log1p(exp(x)), sigmoid(x).mul(dx)]);
 * grad(f)(1000); // 1
 */
export function customJvp<A extends Tensor[]>(
  f: (...x: A) => Tensor,
  rule: (primals: A, tangents: A) => readonly [out: Tensor, tangent: TensorLike],
): (...x: { [K in keyof A]: TensorLike }) => Tensor;
export function customJvp<A extends readonly unknown[], T>(
  f: (...args: A) => T,
  rule: (primals: A, tangents: A) => readonly [out: T, tangent: T],
): (...args: LikeAll<A>) => T;
export function customJvp(
  f: AnyFunction,
  rule: (primals: never, tangents: never) => readonly [unknown, unknown],
): AnyFunction {
  if (arguments.length > 2) refuseExtra("customJvp", arguments, 2);
  requireFunction("customJvp", f);
  requireFunction("customJvp", rule);
  return (...args) => {
    const { leaves, defs } = flattenArguments(args, "customJvp");
    const types = leaves.map((x) => x.type);
    const traced = traceResult("customJvp", f, types, defs);
    const outTypes = traced.program.outs.map((v) => v.type);
    const active = types.map((type) => isFloating(type.dtype));
    const tangentTypes = types.filter((_, i) => active[i]);
    const ruled = traceProgram(`rule(${traced.program.name})`, [...types, ...tangentTypes], (...xs) => {
      let next = types.length;
      const tangents = types.map((type, i) => (active[i] === true ? xs[next++]! : zeros(type)));
      const primals = unflattenArguments(defs, xs.slice(0, types.length));
      const result: unknown = rule(primals as never, unflattenArguments(defs, tangents) as never);
      if (!Array.isArray(result) || result.length !== 2) {
        throw new DownhillError("tree", "customJvp: the rule must return [out, tangent].");
      }
      const outs = matchTensors("customJvp", traced.def, result[0], "the value of the rule");
      const dOuts = matchTensors("customJvp", traced.def, result[1], "the tangent of the rule");
      return [
        ...outs.map((x, i) => fitValue("customJvp", x, outTypes[i]!)),
        ...dOuts.flatMap((t, i) =>
          isFloating(outTypes[i]!.dtype)
            ? [fit("customJvp", "the tangent of the rule", t, outTypes[i]!)]
            : [],
        ),
      ];
    });
    const captured = [...new Set([...traced.captured, ...ruled.captured])];
    const outs = bindJvp([...captured, ...leaves], {
      program: interned(takingAll(traced, captured)),
      rule: interned(takingAll(ruled, captured)),
      consts: captured.length,
    });
    return unflatten(traced.def, outs);
  };
}

/** The value that a rule gives must have the type of what the function gives. */
function fitValue(operation: string, x: Tensor, type: ArrayType): Tensor {
  if (sameShape(x.shape, type.shape) && (x.dtype === type.dtype || isFloating(x.dtype)))
    return convert(x, type.dtype, type.weak);
  throw new DownhillError(
    "shape",
    `${operation}: the function gives ${showType(type)}, but its rule ${showType(x.type)}.`,
  );
}

/**
 * The function with its own reverse mode: `forward(...args)` returns the value and what `backward` will need of it,
 * `backward(residuals, ct)` turns a cotangent of the value into an array with one cotangent for each argument; `null`
 * stands for a zero.
 *
 * Forward mode is the transpose of `backward` where that is linear in the cotangent, and an error where it is not. What
 * the function reads from outside must not be differentiated: pass it as an argument.
 *
 * @example
 * // x itself, with gradients clipped to [−1, 1]
 * const clipped = customVjp((x: Tensor) => x, (x) => [x, null], (_, ct) => [clip(ct, -1, 1)]);
 * grad((x: Tensor) => clipped(x).mul(5))(2); // 1
 */
export function customVjp<A extends Tensor[], R>(
  f: (...x: A) => Tensor,
  forward: (...x: A) => readonly [out: Tensor, residuals: R],
  backward: (residuals: R, ct: Tensor) => readonly (TensorLike | null)[],
): (...x: { [K in keyof A]: TensorLike }) => Tensor;
export function customVjp<A extends readonly unknown[], T, R>(
  f: (...args: A) => T,
  forward: (...args: A) => readonly [out: T, residuals: R],
  backward: (residuals: R, ct: T) => { readonly [K in keyof A]: A[K] | null },
): (...args: LikeAll<A>) => T;
export function customVjp(
  f: AnyFunction,
  forward: AnyFunction,
  backward: (residuals: never, ct: never) => unknown,
): AnyFunction {
  if (arguments.length > 3) refuseExtra("customVjp", arguments, 3);
  requireFunction("customVjp", f);
  requireFunction("customVjp", forward);
  requireFunction("customVjp", backward);
  return (...args) => {
    const { leaves, defs } = flattenArguments(args, "customVjp");
    const types = leaves.map((x) => x.type);
    const traced = traceResult("customVjp", f, types, defs);
    const outTypes = traced.program.outs.map((v) => v.type);
    let residualDef: TreeDef = { kind: "leaf" };
    const ahead = traceProgram(`forward(${traced.program.name})`, types, (...xs) => {
      const result: unknown = forward(...(unflattenArguments(defs, xs) as never[]));
      if (!Array.isArray(result) || result.length !== 2) {
        throw new DownhillError(
          "tree",
          "customVjp: forward must return [out, residuals]; residuals may be null.",
        );
      }
      const outs = matchTensors("customVjp", traced.def, result[0], "the value of forward");
      const residuals = flattenResult(result[1], "customVjp");
      residualDef = residuals.def;
      return [...outs.map((x, i) => fitValue("customVjp", x, outTypes[i]!)), ...residuals.leaves];
    });
    const residualTypes = ahead.program.outs.slice(outTypes.length).map((v) => v.type);
    const ctTypes = outTypes.filter((type) => isFloating(type.dtype));
    const back = traceProgram(`backward(${traced.program.name})`, [...residualTypes, ...ctTypes], (...xs) => {
      let next = residualTypes.length;
      const cts = outTypes.map((type) => (isFloating(type.dtype) ? xs[next++]! : zeros(type)));
      const residuals = unflatten(residualDef, xs.slice(0, residualTypes.length));
      const result = backward(residuals as never, unflatten(traced.def, cts) as never);
      return flatCotangents(result, defs, types);
    });
    // what `backward` captures are residuals too
    const captured = [...new Set([...traced.captured, ...ahead.captured, ...back.captured])];
    const aheadAll = takingAll(ahead, captured);
    const backCaptured = back.captured.map((x) => aheadAll.ins[captured.indexOf(x)]!);
    const outs = bindVjp([...captured, ...leaves], {
      program: interned(takingAll(traced, captured)),
      forward: interned({
        ...aheadAll,
        outs: [
          ...aheadAll.outs.slice(0, outTypes.length),
          ...backCaptured,
          ...aheadAll.outs.slice(outTypes.length),
        ],
      }),
      backward: interned(back.program),
      consts: captured.length,
    });
    return unflatten(traced.def, outs);
  };
}

/** The cotangents of the floating leaves of all arguments, zeros for an argument that has `null`. */
function flatCotangents(result: unknown, defs: readonly TreeDef[], types: readonly ArrayType[]): Tensor[] {
  if (!Array.isArray(result) || result.length !== defs.length) {
    throw new DownhillError(
      "tree",
      `customVjp: backward must return an array with one cotangent for each of ${defs.length} arguments, null for a zero.`,
    );
  }
  let start = 0;
  return defs.flatMap((def, i) => {
    const n = countLeaves(def);
    const own = types.slice(start, (start += n));
    const given: unknown = result[i];
    const leaves =
      given === null
        ? own.map((type) => zeros(type))
        : matchTensors("customVjp", def, given, `cotangent ${i} of backward`);
    return own.flatMap((type, j) =>
      isFloating(type.dtype) ? [fit("customVjp", `cotangent ${i} of backward`, leaves[j]!, type)] : [],
    );
  });
}
