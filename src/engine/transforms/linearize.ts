import { refuseExtra } from "../errors/arguments.ts";
import { DownhillError, markHint, showType } from "../errors/index.ts";
import { isAtHand, readElements } from "../ir/elements.ts";
import type { Maybe } from "../ir/primitive.ts";
import { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { isFloating } from "../ir/types.ts";
import { asTensor } from "../prims/lift.ts";
import { convert, zeros } from "../prims/linear.ts";
import { withTrace } from "../trace/bind.ts";
import type { TreeDef } from "../tree/tree.ts";
import { matchLeaves, unflatten } from "../tree/tree.ts";
import type { OnlyPlain, Plain } from "../tree/plain-types.ts";
import type { Like, LikeAll, TensorLike, TensorsOf } from "../tree/types.ts";
import { sameShape } from "../util/shape.ts";
import {
  flattenArguments,
  flattenResult,
  matchTensors,
  requireFunction,
  selectArguments,
  unflattenArguments,
} from "./arguments.ts";
import { JvpTrace } from "./jvp.ts";
import type { LinearEquation, LinearNode } from "./linear.ts";
import { backward, LinearTrace, pushForward } from "./linear.ts";
import { transformed } from "./plain.ts";
import { tools } from "./tools.ts";

/**
 * A function linearised at a point: its results there, and the tape that maps tangents of the arguments to tangents of
 * the results.
 */
export interface Linearization {
  readonly outs: readonly Tensor[];
  readonly outDef: TreeDef;
  readonly eqns: readonly LinearEquation[];
  readonly ins: readonly LinearNode[];
  readonly outNodes: readonly (LinearNode | undefined)[];
}

/**
 * Runs `f` forward once: computes values and records operations on tangents. `active` marks the leaves to
 * differentiate. The tape runs forward (`pushForward`) and backward (`backward`).
 */
export function linearizeLeaves(
  operation: string,
  f: (...args: never[]) => unknown,
  defs: readonly TreeDef[],
  leaves: readonly Tensor[],
  active: readonly boolean[],
): Linearization {
  return withTrace(
    operation,
    (level) => new LinearTrace(level, tools),
    (tape) =>
      withTrace(
        operation,
        (level) => new JvpTrace(level, tools),
        (duals) => {
          const ins: LinearNode[] = [];
          const duplicated = leaves.map((x, i) => {
            if (active[i] !== true) return x;
            const node = tape.input(x.type);
            ins.push(node);
            return duals.pair(x, node.value);
          });
          const result = f(...(unflattenArguments(defs, duplicated) as never[]));
          const { leaves: results, def } = flattenResult(result, operation);
          requireTensors(operation, result, results);
          return {
            outs: results.map((x) => duals.primalOf(x)),
            outDef: def,
            eqns: tape.eqns,
            ins,
            outNodes: results.map((x) => {
              const tangent = duals.tangentOf(x);
              return tangent && tape.nodeOf(tangent);
            }),
          };
        },
      ),
  );
}

/** Checks that a tangent or cotangent has the type of its value; numbers take that type. */
export function fitType(operation: string, what: string, x: Tensor, type: ArrayType): Tensor {
  if (!sameShape(x.shape, type.shape)) {
    throw new DownhillError(
      "shape",
      `${operation}: ${what} is ${showType(x.type)}, expected ${showType(type)}.`,
    );
  }
  if (x.dtype === type.dtype) return x;
  if (x.type.weak || isFloating(x.dtype)) return convert(x, type.dtype);
  throw new DownhillError(
    "dtype",
    `${operation}: ${what} is ${showType(x.type)}, expected ${showType(type)}. Convert it with astype("${type.dtype}").`,
  );
}

/** Returns a tangent or cotangent, or zeros of the given type if it is missing. */
export function materialize(x: Maybe, type: ArrayType): Tensor {
  return x ?? zeros(type);
}

/** Result of a pullback; tensors for arguments that may be any representation of a tensor. */
type PullbackTensors<A extends readonly unknown[]> = {
  [K in keyof A]: [Tensor] extends [A[K]] ? (unknown extends A[K] ? A[K] : Tensor) : TensorsOf<A[K]>;
};

/** Checks that all leaves of the arguments are floating; returns `true` for each. */
export function requireFloating(
  operation: string,
  defs: readonly TreeDef[],
  leaves: readonly Tensor[],
): readonly boolean[] {
  return selectArguments(
    operation,
    defs,
    leaves,
    defs.flatMap((def, i) => (def.kind === "static" ? [] : [i])),
    "let the function close over it",
  );
}

/**
 * Linearises `f` at `primals`: returns its value there and the linear map of tangents, which can be applied many
 * times without running `f` again.
 *
 * @throws DownhillError `dtype` if an argument is not floating-point.
 * @example
 * const [y, linear] = linearize((x) => x.mul(x), 3);
 * linear(1); // 6
 */
export function linearize<A extends Tensor[]>(
  f: (...x: A) => Tensor,
  ...primals: { [K in keyof A]: TensorLike }
): [out: Tensor, linear: (...tangents: { [K in keyof A]: TensorLike }) => Tensor];
export function linearize<A extends unknown[], T>(
  f: ((...args: A) => T) & OnlyPlain<[A, T]>,
  ...primals: A
): [out: Plain<T>, linear: (...tangents: A) => Plain<T>];
export function linearize<A extends readonly unknown[], T>(
  f: (...args: A) => T,
  ...primals: LikeAll<A>
): [out: T, linear: (...tangents: LikeAll<A>) => T];
export function linearize(
  f: (...args: never[]) => unknown,
  ...primals: readonly unknown[]
): [unknown, unknown] {
  return transformed("linearize", f, undefined, linearized)(...(primals as never[])) as [unknown, unknown];
}

const linearized =
  (f: (...args: never[]) => unknown) =>
  (...primals: readonly unknown[]): [unknown, unknown] => {
    const { leaves, defs } = flattenArguments(primals, "linearize");
    const lin = linearizeLeaves("linearize", f, defs, leaves, requireFloating("linearize", defs, leaves));
    const apply = (...tangents: readonly unknown[]): unknown => {
      requireOneEach("linearize", tangents, defs);
      const flat = defs.flatMap((def, i) => matchTensors("linearize", def, tangents[i], `tangent ${i}`));
      const fitted = flat.map((t, i) => fitType("linearize", `tangent ${i}`, t, leaves[i]!.type));
      const outs = pushForward(lin.eqns, lin.ins, fitted, lin.outNodes);
      return unflatten(
        lin.outDef,
        outs.map((t, i) => materialize(t, lin.outs[i]!.type)),
      );
    };
    return [unflatten(lin.outDef, lin.outs), apply];
  };

/**
 * Reverse mode: value of `f` at `primals`, and the pullback, which maps a cotangent of the result to cotangents of
 * the arguments.
 *
 * @throws DownhillError `dtype` if an argument is not floating-point, `shape` if the cotangent does not fit.
 * @example
 * const [y, pullback] = vjp((x, w) => x.mul(w), 2, 3);
 * pullback(1); // [3, 2]
 */
export function vjp<P extends TensorLike[]>(
  f: (...x: { [K in keyof P]: Tensor }) => Tensor,
  ...primals: P
): [out: Tensor, pullback: (ct: TensorLike) => { [K in keyof P]: Tensor }];
export function vjp<A extends unknown[], T>(
  f: ((...args: A) => T) & OnlyPlain<[A, T]>,
  ...primals: A
): [out: Plain<T>, pullback: (ct: T) => Plain<A>];
export function vjp<A extends readonly unknown[], T>(
  f: (...args: A) => T,
  ...primals: LikeAll<A>
): [out: T, pullback: (ct: Like<T>) => PullbackTensors<A>];
export function vjp(f: (...args: never[]) => unknown, ...primals: readonly unknown[]): [unknown, unknown] {
  return transformed("vjp", f, undefined, pulledBack)(...(primals as never[])) as [unknown, unknown];
}

const pulledBack =
  (f: (...args: never[]) => unknown) =>
  (...primals: readonly unknown[]): [unknown, unknown] => {
    const { leaves, defs } = flattenArguments(primals, "vjp");
    const lin = linearizeLeaves("vjp", f, defs, leaves, requireFloating("vjp", defs, leaves));
    const pullback = (ct: unknown): unknown => {
      const given = matchTensors("vjp", lin.outDef, ct, "the cotangent");
      const cts = given.map((t, i) => fitType("vjp", "the cotangent", t, lin.outs[i]!.type));
      const grads = backward(lin.eqns, lin.outNodes, cts, lin.ins, tools);
      return unflattenArguments(
        defs,
        grads.map((g, i) => materialize(g, leaves[i]!.type)),
      );
    };
    return [unflatten(lin.outDef, lin.outs), pullback];
  };

/**
 * Forward mode: value of `f` at `primals` and its derivative in the direction `tangents`, computed together.
 *
 * @throws DownhillError `dtype` if an argument is not floating-point, `tree` or `shape` if the tangents do not
 * match.
 * @example
 * jvp((x) => sin(x), [0], [1]); // [0, 1]
 */
export function jvp<A extends Tensor[]>(
  f: (...x: A) => Tensor,
  primals: readonly [...{ [K in keyof A]: TensorLike }],
  tangents: readonly [...{ [K in keyof A]: TensorLike }],
): [out: Tensor, tangent: Tensor];
export function jvp<A extends unknown[], T>(
  f: ((...args: A) => T) & OnlyPlain<[A, T]>,
  primals: readonly [...A],
  tangents: readonly [...A],
): [out: Plain<T>, tangent: Plain<T>];
export function jvp<A extends readonly unknown[], T>(
  f: (...args: A) => T,
  primals: LikeAll<A>,
  tangents: LikeAll<A>,
): [out: T, tangent: T];
export function jvp(
  f: (...args: never[]) => unknown,
  primals: readonly unknown[],
  tangents: readonly unknown[],
): [unknown, unknown] {
  if (arguments.length > 3) refuseExtra("jvp", arguments, 3);
  const pushed = transformed(
    "jvp",
    f,
    undefined,
    (g) => (at: readonly unknown[], along: readonly unknown[]) => derivativeAlong("jvp", g, at, along),
  );
  return pushed(primals as never, tangents as never) as [unknown, unknown];
}

/** The transform `jvp` for use by another transform. Error messages show `operation`, the name of that transform. */
export function derivativeAlong(
  operation: string,
  f: (...args: never[]) => unknown,
  primals: readonly unknown[],
  tangents: readonly unknown[],
): [out: unknown, tangent: unknown] {
  requireList(operation, "primals", primals);
  requireList(operation, "tangents", tangents);
  const { leaves, defs } = flattenArguments(primals, operation);
  requireFloating(operation, defs, leaves);
  requireOneEach(operation, tangents, defs);
  const given = defs.flatMap((def, i) => matchLeaves(operation, def, tangents[i], `tangent ${i}`));
  const fitted = given.map((t, i) =>
    fitType(operation, `tangent ${i}`, asTensor(t, operation), leaves[i]!.type),
  );
  const hasZero = given.map((t, i) => t === 0 || holdsZero(fitted[i]!, operation));
  return withTrace(
    operation,
    (level) => new JvpTrace(level, tools),
    (duals): [unknown, unknown] => {
      const args = unflattenArguments(
        defs,
        leaves.map((x, i) => duals.pair(x, fitted[i], hasZero[i])),
      );
      const result = f(...(args as never[]));
      const { leaves: results, def } = flattenResult(result, operation);
      requireTensors(operation, result, results);
      const outs = results.map((x) => duals.primalOf(x));
      const dOuts = results.map((x, i) => materialize(duals.tangentOf(x), outs[i]!.type));
      return [unflatten(def, outs), unflatten(def, dOuts)];
    },
  );
}

/**
 * True if a tangent is known to contain a 0. Such a 0 counts as a masked zero (docs/masks.md). The derivative along a
 * direction must not depend on slopes with respect to values that do not change, and such slopes may be infinite.
 */
export function holdsZero(tangent: Tensor, operation: string): boolean {
  return isAtHand(tangent) && readElements(tangent, operation).includes(0);
}

function requireList(operation: string, what: string, value: unknown): void {
  if (!Array.isArray(value))
    throw new DownhillError(
      "tree",
      `${operation}: ${what} must be an array with one entry an argument, as in ${operation}(f, [x], [dx]).`,
    );
}

/** Throws if there are more tangents than arguments. (Too few fail when the missing one is read.) */
function requireOneEach(operation: string, tangents: readonly unknown[], defs: readonly TreeDef[]): void {
  if (tangents.length > defs.length) {
    throw new DownhillError(
      "tree",
      `${operation}: ${tangents.length} tangents for ${defs.length} argument${defs.length === 1 ? "" : "s"}; give one for each.`,
    );
  }
}

/**
 * Transpose of a linear function: for `f(x) = A x` the function `ct -> Aᵀ ct`. `example` determines the structure
 * and types of the argument; its values are ignored.
 *
 * @throws DownhillError `derivative` if `f` is not linear.
 * @example
 * const f = (x: Tensor) => x.mul(3);
 * linearTranspose(f, 0)(2); // 6
 */
export function linearTranspose<P, T>(f: (x: P) => T, example: Like<P>): (ct: Like<T>) => P {
  if (arguments.length > 2) refuseExtra("linearTranspose", arguments, 2);
  requireFunction("linearTranspose", f);
  const { leaves, defs } = flattenArguments([example], "linearTranspose");
  requireFloating("linearTranspose", defs, leaves);
  const run = withTrace(
    "linearTranspose",
    (level) => new LinearTrace(level, tools),
    (tape) => {
      const ins = leaves.map((x) => tape.input(x.type));
      const args = unflattenArguments(
        defs,
        ins.map((node) => node.value),
      );
      const { leaves: results, def } = flattenResult(
        (f as (...args: unknown[]) => unknown)(...args),
        "linearTranspose",
      );
      return { ins, results, def, outNodes: results.map((x) => tape.nodeOf(x)), eqns: tape.eqns };
    },
  );
  return ((ct: unknown) => {
    const given = matchTensors("linearTranspose", run.def, ct, "the cotangent");
    const cts = given.map((t, i) => fitType("linearTranspose", "the cotangent", t, run.results[i]!.type));
    const grads = backward(run.eqns, run.outNodes, cts, run.ins, tools);
    return unflattenArguments(
      defs,
      grads.map((g, i) => materialize(g, leaves[i]!.type)),
    )[0];
  }) as (ct: Like<T>) => P;
}

/** Throws if a result contains plain numbers but no tensor: they have no derivative, and 0 would hide the mistake. */
export function requireTensors(operation: string, result: unknown, leaves: readonly Tensor[]): void {
  const isEmpty = leaves.length === 0 && typeof result !== "boolean";
  if (result instanceof Tensor || isEmpty || holdsTensor(result)) return;
  throw plainResult(operation, result);
}

function holdsTensor(value: unknown): boolean {
  if (value instanceof Tensor) return true;
  return typeof value === "object" && value !== null && Object.values(value).some(holdsTensor);
}

function plainResult(operation: string, result: unknown): DownhillError {
  const isScalar = typeof result === "number" || typeof result === "boolean";
  const what = isScalar ? `the plain ${typeof result} ${String(result)}` : "plain numbers only";
  return new DownhillError(
    "dtype",
    `${operation}: the function returned ${what}, so nothing connects it to its arguments. ` +
      `Compute with tensors throughout (x.mul(y), sin(x)), not with Math.* or item().${markHint}`,
  );
}

/** Returns the result of a function to differentiate. Throws unless it is one floating-point scalar tensor. */
export function requireScalar(operation: string, outs: readonly Tensor[], result: unknown): Tensor {
  const out = outs[0];
  if (typeof result === "number" || typeof result === "boolean") throw plainResult(operation, result);
  if (out === undefined) {
    throw new DownhillError(
      "tree",
      `${operation}: the function returned ${result === null ? "null" : typeof result === "string" ? JSON.stringify(result) : "nothing that holds a tensor"}. ` +
        `It must return one scalar computed from its arguments; are these tensors or numbers?`,
    );
  }
  if (outs.length !== 1) {
    throw new DownhillError(
      "shape",
      `${operation}: the function must return one scalar, but returned ${outs.length} tensors. Use hasAux for what else it computes.`,
    );
  }
  if (out.shape.length > 0) {
    throw new DownhillError(
      "shape",
      `${operation}: the function returned ${showType(out.type)}, and a gradient needs a scalar. Take a sum or mean of it, ` +
        "or use jacrev for all derivatives, jacfwd(jacrev(f)) for all second derivatives.",
    );
  }
  if (!isFloating(out.dtype)) {
    throw new DownhillError(
      "dtype",
      `${operation}: the function returned ${showType(out.type)}, and ${out.dtype} has no derivative.`,
    );
  }
  return out;
}
