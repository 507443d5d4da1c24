import { refuseExtra } from "../errors/arguments.ts";
import { DownhillError, showType } from "../errors/index.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { isFloating, typeKey } from "../ir/types.ts";
import { customJvp as bindJvp, customVjp as bindVjp } from "../prims/custom.ts";
import { convert, zeros } from "../prims/linear.ts";
import type { TracedProgram } from "../trace/staging.ts";
import { traceProgram } from "../trace/staging.ts";
import type { Program, Var } from "../ir/program.ts";
import { DeferredProgram } from "../ir/program.ts";
import type { TreeDef } from "../tree/tree.ts";
import { countLeaves, treeKey, unflatten } from "../tree/tree.ts";
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
import type { AnyFunction } from "./plain.ts";

/** Function traced at given arguments, with the structure of its result. */
interface TracedResult extends TracedProgram {
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

/**
 * Call of a function with custom rules while the rules are being traced. A rule may apply its own function at the same
 * types. Such an inner call uses the rules that are being traced, and reads captured values from inputs of the rule.
 */
interface OpenCall<Rules> {
  readonly traced: TracedResult;
  readonly rules: Rules;
  /** All values that the function and its rules are known to capture, up to now. */
  readonly all: readonly Tensor[];
  /** Inputs of the rule being traced that hold the captured values. */
  consts: readonly Tensor[];
  isRecursive: boolean;
}

/** Creates the placeholder for a rule that is traced later. Throws if it is used before. */
function ruleToCome(operation: string): DeferredProgram {
  return new DeferredProgram(() => {
    throw new DownhillError(
      "derivative",
      `${operation}: a rule takes a derivative of the function that it belongs to, which would need the rule itself. ` +
        `A rule may apply its function, but must write out what the derivative is.`,
    );
  });
}

/**
 * Traces the rules of a call by `trace`, which returns them. Inner calls of the function need to know all captured
 * values, which are only known afterwards. If there are such calls, the rules are traced a second time.
 */
function traceRules<Rules, T extends readonly TracedProgram[]>(
  operation: string,
  traced: TracedResult,
  open: Map<string, OpenCall<Rules>>,
  key: string,
  makeRules: () => Rules,
  trace: (call: OpenCall<Rules>) => T,
): { readonly call: OpenCall<Rules>; readonly parts: T; readonly captured: readonly Tensor[] } {
  let all = traced.captured;
  for (let round = 0; ; round++) {
    const call: OpenCall<Rules> = { traced, rules: makeRules(), all, consts: [], isRecursive: false };
    open.set(key, call);
    let parts: T;
    try {
      parts = trace(call);
    } finally {
      open.delete(key);
    }
    const captured = [...new Set([traced, ...parts].flatMap((part) => [...part.captured]))];
    if (!call.isRecursive || captured.length === all.length) return { call, parts, captured };
    if (round > 0) {
      throw new DownhillError(
        "trace",
        `${operation}: a rule reads other values from outside when it is traced again. It must compute the same each time.`,
      );
    }
    all = captured;
  }
}

/**
 * Program of a rule with all captured values as its first inputs. The inputs of the traced program are the values that
 * it captures itself, followed by `count` captured values that it passes to calls of its own function.
 */
export function closeRule(
  { program, captured }: TracedProgram,
  all: readonly Tensor[],
  count: number,
): Program {
  const own = program.ins.slice(0, captured.length);
  const inner = program.ins.slice(captured.length, captured.length + count);
  const shared = all.map((x, i): Var => inner[i] ?? own[captured.indexOf(x)] ?? { type: x.type });
  const replaced = new Map(own.map((v, i) => [v, shared[all.indexOf(captured[i]!)]!]));
  const read = (v: Var): Var => replaced.get(v) ?? v;
  return {
    ...program,
    ins: [...shared, ...program.ins.slice(captured.length + count)],
    eqns: program.eqns.map((eqn) => ({ ...eqn, ins: eqn.ins.map(read) })),
    outs: program.outs.map(read),
  };
}

/** Key of a call: structures and types of its arguments. It identifies a call of the function inside its own rule. */
function callKey(defs: readonly TreeDef[], types: readonly ArrayType[]): string {
  return `${defs.map(treeKey).join(" ")} ${types.map(typeKey).join(" ")}`;
}

/** Returns the same program with all captured values as its first inputs, instead of only the values that it reads. */
function takingAll({ program, captured }: TracedProgram, all: readonly Tensor[]): Program {
  const own = program.ins.slice(0, captured.length);
  const shared = all.map((x): Var => own[captured.indexOf(x)] ?? { type: x.type });
  return { ...program, ins: [...shared, ...program.ins.slice(captured.length)] };
}

/** Returns a tangent or cotangent as a tensor of the required type. */
function fit(operation: string, what: string, x: Tensor, type: ArrayType): Tensor {
  if (sameShape(x.shape, type.shape) && isFloating(x.dtype)) return convert(x, type.dtype, type.weak);
  throw new DownhillError(
    "shape",
    `${operation}: ${what} is ${showType(x.type)}, expected ${showType(type)}.`,
  );
}

/**
 * Gives a function a custom derivative. `rule(primals, tangents)` receives the arguments and one tangent per argument,
 * and returns the value and its tangent, which must be linear in the tangents. Reverse mode is its transpose. Tangents
 * of integers and booleans are zeros.
 *
 * The rule may apply the function itself, so that higher derivatives use the rule too; it must not differentiate the
 * function. (TypeScript requires a type annotation for a function that occurs in its own rule.)
 *
 * Outer values that the function reads must not be differentiated: pass them as arguments.
 *
 * @throws DownhillError `tree` or `shape` if the rule does not return a value like the function's, and a tangent for
 *   it.
 * @example
 * // the derivative of log(1 + eˣ) without overflow
 * const f = customJvp((x: Tensor) => log1p(exp(x)), ([x], [dx]) => [log1p(exp(x)), sigmoid(x).mul(dx)]);
 * grad(f)(1000); // 1
 * // an implicit root, x² = a: 2 x dx = da
 * const heron = (a: Tensor) => foriLoop(0, 9, (_, x) => x.add(a.div(x)).div(2), a);
 * const root: (a: TensorLike) => Tensor = customJvp(heron, ([a], [da]) => [root(a), da.div(root(a)).div(2)]);
 * grad(grad((a) => root(a)))(4); // -0.03125
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
  requireFunction("customJvp", rule, "customJvp((x) => …, ([x], [dx]) => [out, tangent])");
  const open = new Map<string, OpenCall<DeferredProgram>>();
  return (...args) => {
    const { leaves, defs } = flattenArguments(args, "customJvp");
    const types = leaves.map((x) => x.type);
    const key = callKey(defs, types);
    const around = open.get(key);
    if (around !== undefined) {
      around.isRecursive = true;
      const { traced, all, consts, rules } = around;
      const program = takingAll(traced, all);
      return unflatten(
        traced.def,
        bindJvp([...consts, ...leaves], { program, rule: rules, consts: consts.length }),
      );
    }
    const traced = traceResult("customJvp", f, types, defs);
    const outTypes = traced.program.outs.map((v) => v.type);
    const active = types.map((type) => isFloating(type.dtype));
    const tangentTypes = types.filter((_, i) => active[i]);
    const traceRule = (inner: OpenCall<DeferredProgram>): readonly [TracedProgram] => {
      const constTypes = inner.all.map((x) => x.type);
      const name = `rule(${traced.program.name})`;
      return [
        traceProgram(name, [...constTypes, ...types, ...tangentTypes], (...inputs) => {
          inner.consts = inputs.slice(0, constTypes.length);
          const xs = inputs.slice(constTypes.length);
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
        }),
      ];
    };
    const { call, parts, captured } = traceRules(
      "customJvp",
      traced,
      open,
      key,
      () => ruleToCome("customJvp"),
      traceRule,
    );
    call.rules.program = closeRule(parts[0], captured, call.all.length);
    const closed = (call.rules.program = interned(call.rules.program));
    const outs = bindJvp([...captured, ...leaves], {
      program: interned(takingAll(traced, captured)),
      rule: closed,
      consts: captured.length,
    });
    return unflatten(traced.def, outs);
  };
}

/** Checks that a rule returns a value of the type of the function's result. */
function fitValue(operation: string, x: Tensor, type: ArrayType): Tensor {
  if (sameShape(x.shape, type.shape) && (x.dtype === type.dtype || isFloating(x.dtype)))
    return convert(x, type.dtype, type.weak);
  throw new DownhillError(
    "shape",
    `${operation}: the function gives ${showType(type)}, but its rule ${showType(x.type)}.`,
  );
}

/**
 * Gives a function a custom reverse mode. `forward(...args)` returns the value and the residuals for `backward`.
 * `backward(residuals, ct)` maps a cotangent of the value to an array with one cotangent per argument; `null` is zero.
 * Both may apply the function itself.
 *
 * Forward mode is the transpose of `backward` if `backward` is linear in the cotangent, and an error otherwise. Outer
 * values that the function reads must not be differentiated: pass them as arguments.
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
  const written = "customVjp((x) => …, (x) => [out, saved], (saved, ct) => [cotangent])";
  requireFunction("customVjp", forward, written);
  requireFunction("customVjp", backward, written);
  interface Rules {
    readonly forward: DeferredProgram;
    readonly backward: DeferredProgram;
  }
  const open = new Map<string, OpenCall<Rules>>();
  return (...args) => {
    const { leaves, defs } = flattenArguments(args, "customVjp");
    const types = leaves.map((x) => x.type);
    const key = callKey(defs, types);
    const around = open.get(key);
    if (around !== undefined) {
      around.isRecursive = true;
      const { traced, all, consts, rules } = around;
      const program = takingAll(traced, all);
      return unflatten(
        traced.def,
        bindVjp([...consts, ...leaves], { program, ...rules, consts: consts.length }),
      );
    }
    const traced = traceResult("customVjp", f, types, defs);
    const outTypes = traced.program.outs.map((v) => v.type);
    const traceBoth = (inner: OpenCall<Rules>): readonly [ahead: TracedProgram, back: TracedProgram] => {
      const constTypes = inner.all.map((x) => x.type);
      let residualDef: TreeDef = { kind: "leaf" };
      const ahead = traceProgram(
        `forward(${traced.program.name})`,
        [...constTypes, ...types],
        (...inputs) => {
          inner.consts = inputs.slice(0, constTypes.length);
          const xs = inputs.slice(constTypes.length);
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
        },
      );
      const residualTypes = ahead.program.outs.slice(outTypes.length).map((v) => v.type);
      const ctTypes = outTypes.filter((type) => isFloating(type.dtype));
      const back = traceProgram(
        `backward(${traced.program.name})`,
        [...constTypes, ...residualTypes, ...ctTypes],
        (...inputs) => {
          inner.consts = inputs.slice(0, constTypes.length);
          const xs = inputs.slice(constTypes.length);
          let next = residualTypes.length;
          const cts = outTypes.map((type) => (isFloating(type.dtype) ? xs[next++]! : zeros(type)));
          const residuals = unflatten(residualDef, xs.slice(0, residualTypes.length));
          const result = backward(residuals as never, unflatten(traced.def, cts) as never);
          return flatCotangents(result, defs, types);
        },
      );
      return [ahead, back];
    };
    const makeRules = (): Rules => ({ forward: ruleToCome("customVjp"), backward: ruleToCome("customVjp") });
    const { call, parts, captured } = traceRules("customVjp", traced, open, key, makeRules, traceBoth);
    const [ahead, back] = parts.map((part) => closeRule(part, captured, call.all.length));
    const { rules } = call;
    // captured values of `backward` are residuals too
    const isRead = areRead(back!, captured.length);
    const [values, residuals] = [ahead!.outs.slice(0, outTypes.length), ahead!.outs.slice(outTypes.length)];
    rules.forward.program = {
      ...ahead!,
      outs: [...values, ...ahead!.ins.filter((_, i) => isRead[i]), ...residuals],
    };
    rules.backward.program = { ...back!, ins: back!.ins.filter((_, i) => isRead[i] ?? true) };
    rules.forward.program = interned(rules.forward.program);
    rules.backward.program = interned(rules.backward.program);
    const outs = bindVjp([...captured, ...leaves], {
      program: interned(takingAll(traced, captured)),
      forward: rules.forward.program,
      backward: rules.backward.program,
      consts: captured.length,
    });
    return unflatten(traced.def, outs);
  };
}

/** For each of the first `count` inputs of a program, true if the program reads it. */
function areRead({ ins, eqns, outs }: Program, count: number): boolean[] {
  const read = new Set([...eqns.flatMap((eqn) => eqn.ins), ...outs]);
  return ins.slice(0, count).map((v) => read.has(v));
}

/** Cotangents of the floating-point leaves of all arguments; zeros for an argument with `null`. */
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
