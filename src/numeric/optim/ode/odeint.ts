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
import { flatVector } from "../implicit/vector.ts";
import { readArgs } from "../minimize/problem.ts";
import { count, fixed, oneOf, readOptions } from "../options.ts";
import type { OdeFunction, OdeSystem } from "./method.ts";
import { type OdeMethodName, odeMethodNames, odeMethods } from "./methods.ts";
import { denseAlgebra } from "./stage-algebra.ts";
import { alongMesh, integrate, type Mesh, recordSteps } from "./integrate.ts";

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
   * order 5, are for stiff equations: their cost per step grows with the cube of the number of elements of y. Default
   * `"dopri5"`.
   */
  readonly method?: OdeMethodName;
}

/**
 * Solves `dy/dt = f(y, t, ...args)` with `y = y0` at the first of the times `ts`. Returns the solution at all `ts`, in
 * the structure of `y0` with a leading time axis. Uses adaptive steps of `method` and its dense output between them; the
 * default is the Dormand–Prince pair of order 5 (like JAX's `odeint` and SciPy's `RK45`). `ts` increase or decrease.
 * Computes in float64.
 *
 * Derivatives are those of the steps that were taken, and so exact for the computed solution. They exist in `y0`, `ts`,
 * `args` and values that f captures, in both modes and to any order. Everything is compiled, and works inside `jit`,
 * `vmap`, `scan` and `grad`. Stages of implicit methods are differentiated by the implicit function theorem. On stiff
 * equations the explicit methods need very many steps: use `method: "radau"`.
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
    method: oneOf("dopri5", odeMethodNames),
  });
  const times = readTimes(ts);
  const { vector, toTree, fromTree } = flatVector("odeint", y0, "y0");
  const { data, call } = closed("odeint", [vector, at(times, 0)], args, ([y, t], own) =>
    fromTree(f(...([toTree(y!), t, ...own] as never[])), "the result of the function"),
  );
  const method = odeMethods[name];
  const algebra = denseAlgebra(vector.shape[0]!);
  const systemOf = (slope: OdeFunction): OdeSystem => ({ slope, rules, algebra });
  const solve = (y: Tensor, given: Tensor, own: readonly Tensor[]): Tensor => {
    const { slope, elapsed } = forward((z, t) => call([z, t], own), given);
    return integrate(systemOf(slope), method, y, elapsed, rules);
  };
  const record = (y: Tensor, given: Tensor, own: readonly Tensor[]): Mesh => {
    const { slope, elapsed } = forward((z, t) => call([z, t], own), given);
    return recordSteps(systemOf(slope), method, y, elapsed, rules);
  };
  const replay = (mesh: Mesh, y: Tensor, given: Tensor, own: readonly Tensor[]): Tensor => {
    const { slope, elapsed } = forward((z, t) => call([z, t], own), given);
    return alongMesh(systemOf(slope), method, y, elapsed, mesh);
  };
  const given = [vector, times, ...data] as const;
  if (given.every((x) => x.tracer === undefined)) {
    const out = jit((y: Tensor, own: Tensor, ...rest: Tensor[]) => solve(y, own, rest))(
      vector,
      times,
      ...data,
    );
    if (out.data().every((x) => !Number.isNaN(x))) return toTree(out);
    throw lost();
  }
  const plain = given.map((x) => stopGradient(x));
  if (plain.every((x) => x.tracer === undefined)) {
    // the values beneath the differentiation are known, so the mesh can have the actual number of steps instead of the
    // maximum
    const mesh = jit((y: Tensor, own: Tensor, ...rest: Tensor[]) => record(y, own, rest))(
      ...(plain as [Tensor, Tensor, ...Tensor[]]),
    );
    if (mesh.isWhole.item() === 0) throw lost();
    const length = Math.min(rules.maxSteps, 2 ** Math.ceil(Math.log2(Math.max(1, mesh.count.item()))));
    const short = {
      ...mesh,
      starts: slice(mesh.starts, [0, length]),
      lengths: slice(mesh.lengths, [0, length]),
    };
    return toTree(
      jit((steps: Mesh, y: Tensor, own: Tensor, ...rest: Tensor[]) => replay(steps, y, own, rest))(
        short,
        vector,
        times,
        ...data,
      ),
    );
  }
  return toTree(throughTraces(solve, record, replay, given));
}

/**
 * Computes the solution inside traced functions, with a custom derivative: it records the steps taken for the primal
 * values, and differentiates a replay of these steps.
 */
function throughTraces(
  solve: (y: Tensor, given: Tensor, own: readonly Tensor[]) => Tensor,
  record: (y: Tensor, given: Tensor, own: readonly Tensor[]) => Mesh,
  replay: (mesh: Mesh, y: Tensor, given: Tensor, own: readonly Tensor[]) => Tensor,
  given: readonly Tensor[],
): Tensor {
  const active = given.map((x) => isFloating(x.dtype));
  const some = (all: readonly Tensor[]): Tensor[] => all.filter((_, i) => active[i]);
  const solution = customJvp(
    (y: Tensor, times: Tensor, ...own: Tensor[]) => solve(y, times, own),
    (primals: Tensor[], tangents: Tensor[]): [Tensor, Tensor] => {
      const [y, times, ...own] = primals.map((x) => stopGradient(x)) as [Tensor, Tensor, ...Tensor[]];
      const mesh = record(y, times, own);
      const along = (...moved: Tensor[]): Tensor => {
        let next = 0;
        const [z, moments, ...rest] = primals.map((x, i) => (active[i] === true ? moved[next++]! : x)) as [
          Tensor,
          Tensor,
          ...Tensor[],
        ];
        return replay(mesh, z, moments, rest);
      };
      return jvp<Tensor[]>(along, some(primals), some(tangents));
    },
  ) as unknown as (...all: readonly Tensor[]) => Tensor;
  return solution(...given);
}

/**
 * The equation in terms of the time that has passed since the first of `times`, which increases even if `times`
 * decrease.
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
