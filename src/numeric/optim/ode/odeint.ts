import { astype, less, mul, stopGradient, sub, where, add } from "../../array/elementwise.ts";
import { at } from "../../array/at.ts";
import { slice } from "../../array/shape.ts";
import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../../engine/errors/index.ts";
import type { Tensor, TensorLike } from "../../../engine/ir/tensor.ts";
import { isFloating } from "../../../engine/ir/types.ts";
import { asTensor } from "../../../engine/prims/lift.ts";
import { makeJitted as jit } from "../../../engine/runtime/jitted.ts";
import { requireFunction } from "../../../engine/transforms/arguments.ts";
import { customJvp } from "../../../engine/transforms/structured.ts";
import { jvp } from "../../../engine/transforms/index.ts";
import type { Like, LikeAll } from "../../../engine/tree/index.ts";
import { closed } from "../implicit/closed.ts";
import { flatStart } from "../implicit/vector.ts";
import { readArgs } from "../minimize/problem.ts";
import { count, fixed, oneOf, readOptions } from "../options.ts";
import type { OdeFunction, OdeSystem } from "./method.ts";
import { type OdeMethodName, odeMethodNames, odeMethods } from "./methods.ts";
import { automatic, loopOf, type StepLoop } from "./step-loop.ts";
import { denseAlgebra } from "./stage-algebra.ts";
import { alongMesh, integrate, type Mesh, recordSteps } from "./integrate.ts";

const methodChoice = /* @__PURE__ */ (() => oneOf("auto", ["auto", ...odeMethodNames]))();
/** Methods of `solveOde` that `odeint` does not have, because programs with `odeint` would contain them. */
const otherMethods: readonly string[] = ["taylor", "bdf"];

/** Options of `odeint`. */
export interface OdeintOptions<A extends readonly unknown[] = []> {
  /** Further arguments of the function after y and t. Default: none. */
  readonly args?: LikeAll<A>;
  /**
   * Relative and absolute tolerance: the error of a step may be `atol + rtol·|y|`. Both above 0. Default 1.4e-8 each.
   */
  readonly rtol?: number;
  readonly atol?: number;
  /**
   * Maximum number of steps, 1 or more. Inside traced functions, derivatives take memory for five values of y per step
   * of this maximum. Default 2048.
   */
  readonly maxSteps?: number;
  /**
   * `"dopri5"` and `"tsit5"` are explicit pairs of order 5. `"rosenbrock"` (Rodas5P) and `"radau"` (Radau IIA), both of
   * order 5, are for stiff equations: their cost per step grows with the cube of the number of elements of y. `"auto"`
   * starts with `dopri5`. Up to 50 elements of y it changes to `rosenbrock` when the equation becomes stiff, and back when
   * it no longer is. Without a change it returns the bits of `dopri5`. Default `"auto"`.
   */
  readonly method?: OdeMethodName | "auto";
}

/**
 * Solves `dy/dt = f(y, t, ...args)` with `y = y0` at the first of the times `ts`. Returns the solution at all `ts`, in
 * the structure of `y0` with a leading time axis. Uses adaptive steps of `method` and its dense output between them. The
 * default is the Dormand–Prince pair of order 5 (like JAX's `odeint` and SciPy's `RK45`), and an implicit method while the
 * equation is stiff. `ts` increase or decrease. Computes in float64.
 *
 * Derivatives are those of the steps that were taken, and so exact for the computed solution. They exist in `y0`, `ts`,
 * `args` and values that f captures, in both modes and to any order. Everything is compiled, and works inside `jit`,
 * `vmap`, `scan` and `grad`. Stages of implicit methods are differentiated by the implicit function theorem.
 *
 * @throws DownhillError `diverged` if the solution ends before the last time or needs more than `maxSteps`; inside
 * traced functions, where this is unknown, it is NaN instead. `shape` and `range` for `ts`, `tree` and `shape` for the
 * result of f, `option` and `range` for options.
 * @see Hairer, Nørsett, Wanner, Solving ordinary differential equations I and II, 2nd edition.
 * @example
 * odeint((y) => neg(y), 1, [0, 1, 2]); // f64[3] [1, 0.36788, 0.13534]
 * const spring = (s, t, k) => ({ x: s.v, v: neg(mul(k, s.x)) });
 * const end = (k) => odeint(spring, { x: 1, v: 0 }, [0, 1], { args: [k] }).x.at(-1); // cos √k
 * grad(end)(4); // -0.227324
 */
export function odeint(
  f: (y: Tensor, t: Tensor, ...args: Tensor[]) => Tensor,
  y0: TensorLike,
  ts: TensorLike,
  options?: OdeintOptions<Tensor[]>,
): Tensor;
export function odeint<P, A extends readonly unknown[] = []>(
  f: (y: P, t: Tensor, ...args: A) => P,
  y0: Like<P>,
  ts: TensorLike,
  options?: OdeintOptions<A>,
): P;
export function odeint(
  f: (...given: never[]) => unknown,
  y0: unknown,
  ts: TensorLike,
  options: OdeintOptions<readonly unknown[]> = {},
): unknown {
  if (arguments.length > 4) refuseExtra("odeint", arguments, 4);
  requireFunction("odeint", f, "odeint((y, t) => …, y0, ts)");
  const {
    args,
    method: name,
    ...rules
  } = readOptions<Required<OdeintOptions<readonly unknown[]>>>("odeint", options as never, {
    args: { initial: [], check: (operation, _, value) => void readArgs(operation, value) },
    rtol: fixed(1.4e-8, { from: 0, above: true }),
    atol: fixed(1.4e-8, { from: 0, above: true }),
    maxSteps: count(2048, { from: 1 }),
    method: {
      initial: "auto",
      check(operation, option, value) {
        if (!otherMethods.includes(value as string)) return methodChoice.check(operation, option, value);
        throw new DownhillError(
          "option",
          `${operation}: method "${String(value)}" belongs to solveOde, outside of compiled functions. Use solveOde, or one of ${odeMethodNames.join(", ")}.`,
        );
      },
    },
  });
  const times = readTimes(ts);
  const { vector, toTree, fromTree } = flatStart("odeint", y0);
  const { data, call } = closed("odeint", [vector, at(times, 0)], args, ([y, t], own) =>
    fromTree(f(...([toTree(y!), t, ...own] as never[])), "the result of the function"),
  );
  const n = vector.shape[0]!;
  const algebra = denseAlgebra(n);
  const isAutomatic = name === "auto" && n <= mostForAutomatic;
  const whole = isAutomatic ? automatic(false) : loopOf(odeMethods[name === "auto" ? "dopri5" : name]);
  const systemOf = (slope: OdeFunction): OdeSystem => ({ slope, rules, algebra });
  const forLoop = (loop: StepLoop): OdeintParts => ({
    solve(y, own, ...rest) {
      const { slope, elapsed } = forward((z, t) => call([z, t], rest), own);
      return integrate(systemOf(slope), loop, y, elapsed, rules);
    },
    record(y, own, ...rest) {
      const { slope, elapsed } = forward((z, t) => call([z, t], rest), own);
      return recordSteps(systemOf(slope), loop, y, elapsed, rules);
    },
    replay(mesh, y, own, ...rest) {
      const { slope, elapsed } = forward((z, t) => call([z, t], rest), own);
      return alongMesh(systemOf(slope), loop, y, elapsed, mesh);
    },
  });
  // outside of traces, the implicit method is compiled only if the equation is stiff
  const loops = isAutomatic ? [automatic(true), whole] : [whole];
  const given: [Tensor, Tensor, ...Tensor[]] = [vector, times, ...data];
  if (given.every((x) => x.tracer === undefined)) {
    for (const loop of loops) {
      const { values, isStiff } = jit(forLoop(loop).solve)(...given);
      if (isStiff.item() === 1) continue;
      if (values.data().every((x) => !Number.isNaN(x))) return toTree(values);
      throw lost();
    }
  }
  const plain = given.map((x) => stopGradient(x)) as [Tensor, Tensor, ...Tensor[]];
  if (plain.some((x) => x.tracer !== undefined)) return toTree(throughTraces(forLoop(whole), given));
  // the values beneath the differentiation are known, so the mesh can have the actual number of steps instead of the
  // maximum
  for (const loop of loops) {
    const { record, replay } = forLoop(loop);
    const mesh = jit(record)(...plain);
    if (mesh.isStiff.item() === 1) continue;
    if (mesh.isWhole.item() === 0) throw lost();
    const length = Math.min(rules.maxSteps, 2 ** Math.ceil(Math.log2(Math.max(1, mesh.count.item()))));
    const cut = (x: Tensor): Tensor => slice(x, [0, length]);
    const short = { ...mesh, starts: cut(mesh.starts), lengths: cut(mesh.lengths), kinds: cut(mesh.kinds) };
    return toTree(jit(replay)(short, ...given));
  }
  throw lost();
}

/** Largest number of elements of y for which `auto` may change to an implicit method, which stores their Jacobian. */
const mostForAutomatic = 50;

/** Functions of the start value `y`, the times and other data. */
interface OdeintParts {
  /** Solves the equation. */
  readonly solve: (y: Tensor, times: Tensor, ...data: Tensor[]) => ReturnType<typeof integrate>;
  /** Returns the steps that the solution takes. */
  readonly record: (y: Tensor, times: Tensor, ...data: Tensor[]) => Mesh;
  /** Repeats given steps; returns y at the times. */
  readonly replay: (mesh: Mesh, y: Tensor, times: Tensor, ...data: Tensor[]) => Tensor;
}

/**
 * Computes the solution inside traced functions with a custom derivative. It records the steps for the primal values,
 * and differentiates a recomputation of these steps.
 */
function throughTraces({ solve, record, replay }: OdeintParts, given: readonly Tensor[]): Tensor {
  const active = given.map((x) => isFloating(x.dtype));
  const some = (all: readonly Tensor[]): Tensor[] => all.filter((_, i) => active[i]);
  const solution = customJvp(
    (y: Tensor, times: Tensor, ...own: Tensor[]) => solve(y, times, ...own).values,
    (primals: Tensor[], tangents: Tensor[]): [Tensor, Tensor] => {
      const [y, times, ...own] = primals.map((x) => stopGradient(x)) as [Tensor, Tensor, ...Tensor[]];
      const mesh = record(y, times, ...own);
      const along = (...moved: Tensor[]): Tensor => {
        let next = 0;
        const [z, moments, ...rest] = primals.map((x, i) => (active[i] === true ? moved[next++]! : x)) as [
          Tensor,
          Tensor,
          ...Tensor[],
        ];
        return replay(mesh, z, moments, ...rest);
      };
      return jvp<Tensor[]>(along, some(primals), some(tangents));
    },
  ) as unknown as (...all: readonly Tensor[]) => Tensor;
  return solution(...given);
}

/**
 * The differential equation with elapsed time, the time since the first of `times`, as its variable. Elapsed time
 * increases even if `times` decrease.
 */
function forward(f: OdeFunction, times: Tensor): { readonly slope: OdeFunction; readonly elapsed: Tensor } {
  const start = at(times, 0);
  const direction = stopGradient(where(less(at(times, -1), start), -1, 1));
  return {
    slope: (y, t) => mul(direction, f(y, add(start, mul(direction, t)))),
    elapsed: mul(direction, sub(times, start)),
  };
}

function readTimes(ts: TensorLike): Tensor {
  const times = astype(asTensor(ts, "odeint"), "float64");
  if (times.ndim !== 1 || times.shape[0] === 0)
    throw new DownhillError(
      "shape",
      `odeint: ts must be a vector of times that starts with the time of y0, got ${showType(times.type)}.`,
    );
  const known = stopGradient(times);
  if (known.tracer !== undefined) return times;
  const numbers = known.data();
  const direction = Math.sign(numbers.at(-1)! - numbers[0]!);
  const odd = numbers.findIndex((t, i) => !(i === 0 || (t - numbers[i - 1]!) * direction >= 0));
  if (odd < 0) return times;
  throw new DownhillError(
    "range",
    `odeint: ts must increase or decrease, but ${numbers[odd]!} follows ${numbers[odd - 1]!}.`,
  );
}

function lost(): DownhillError {
  return new DownhillError(
    "diverged",
    "odeint: the solution did not reach the last time: it ends before, or needs more steps than maxSteps. " +
      'Shorten the time span, or increase maxSteps, rtol or atol. For stiff equations, use method: "radau".',
  );
}
