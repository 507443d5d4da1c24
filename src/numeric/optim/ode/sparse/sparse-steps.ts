import { add, mul } from "../../../array/elementwise.ts";
import { tensor } from "../../../array/create.ts";
import { at } from "../../../array/at.ts";
import { reshape, stack } from "../../../array/shape.ts";
import { readElements } from "../../../../engine/ir/elements.ts";
import type { Tensor } from "../../../../engine/ir/tensor.ts";
import { makeJitted as jit } from "../../../../engine/runtime/jitted.ts";
import { jvp } from "../../../../engine/transforms/index.ts";
import { derivativeForSolver, type SparseDerivative } from "../../../sparse/derivative/sparse-derivative.ts";
import {
  type CompiledOde,
  elapsedSystem,
  type OdeData,
  type OdeEnvironment,
  type OdeFunctions,
  type SingleStepResult,
} from "../compiled.ts";
import { firstLength } from "../method.ts";
import type { SolveOdeMethodName } from "../solve-methods.ts";
import type { AnyNumericMethod, NumericMethod, NumericSystem } from "./numeric-method.ts";
import { numericBdf } from "./numeric-bdf.ts";
import { numericRadau } from "./numeric-radau.ts";
import { numericRosenbrock } from "./numeric-rosenbrock.ts";
import { times } from "../radau.ts";
import { floats } from "../solution.ts";
import { sparseMass, SparseStages } from "./sparse-algebra.ts";

/** Smallest number of elements of y for which the pattern of the Jacobian is searched. */
const leastElements = 50;

/** Largest share of the operations of a dense factorisation for which a sparse one takes less time. */
const largestShare = 0.1;

const numericMethods: Partial<Record<SolveOdeMethodName, AnyNumericMethod>> = /* @__PURE__ */ (() => ({
  radau: asAnyNumeric(numericRadau),
  rosenbrock: asAnyNumeric(numericRosenbrock),
  bdf: asAnyNumeric(numericBdf),
}))();

function asAnyNumeric<M>(method: NumericMethod<M>): AnyNumericMethod {
  return method as unknown as AnyNumericMethod;
}

/** State of an integration with sparse matrices. */
class SparseState {
  readonly t: number;
  readonly y: Float64Array;
  readonly h: number;
  readonly memory: unknown;
  readonly tried: number;
  readonly taken: number;

  constructor({ t, y, h, memory, tried, taken }: Omit<SparseState, never>) {
    this.t = t;
    this.y = y;
    this.h = h;
    this.memory = memory;
    this.tried = tried;
    this.taken = taken;
  }
}

/** Compiled parts of a method with sparse matrices, for one function. */
interface SparseParts {
  readonly firstLength: (y: Tensor, slope: Tensor, t: number, env: OdeEnvironment, data: OdeData) => Tensor;
  readonly slopes: (y: Float64Array, z: Float64Array, t: number, h: number, env: OdeEnvironment, data: OdeData) => Tensor; // prettier-ignore
  readonly drift: (y: Float64Array, t: number, env: OdeEnvironment, data: OdeData) => Tensor;
  /** Created at the first use. */
  derivative: SparseDerivative | undefined;
  stages: SparseStages | undefined;
  /** Elements of the mass matrix of `stages`. */
  mass: ArrayLike<number> | undefined;
}

const parts = /* @__PURE__ */ new WeakMap<CompiledOde, CompiledOde>();

/**
 * Code that factorises sparse matrices in the steps of an implicit method, if this takes less time for the pattern of the
 * Jacobian. Derivatives of the solution use dense matrices.
 */
export function withSparseStages(
  code: CompiledOde,
  { slope, events }: OdeFunctions,
  name: SolveOdeMethodName,
  n: number,
): CompiledOde {
  const method = numericMethods[name];
  if (method === undefined || n < leastElements) return code;
  const known = parts.get(code);
  if (known !== undefined) return known;
  const systemOf = (env: OdeEnvironment, data: OdeData): ReturnType<typeof elapsedSystem> =>
    elapsedSystem(slope, n, env, data);
  const { exponent } = code.method;
  const own: SparseParts = {
    firstLength: jit((y: Tensor, first: Tensor, t: Tensor, env: OdeEnvironment, data: OdeData) =>
      firstLength(systemOf(env, data), y, first, t, exponent),
    ) as never,
    slopes: jit((y: Tensor, z: Tensor, t: Tensor, h: Tensor, env: OdeEnvironment, data: OdeData) => {
      const { slope: f } = systemOf(env, data);
      const rows = reshape(z, [times.length, n]);
      return stack(times.map((c, i) => f(add(y, at(rows, i)), add(t, mul(c, h)))));
    }) as never,
    drift: jit((y: Tensor, t: Tensor, env: OdeEnvironment, data: OdeData) => {
      const { slope: f } = systemOf(env, data);
      return jvp((time: Tensor) => f(y, time), [t], [1])[1];
    }) as never,
    derivative: undefined,
    stages: undefined,
    mass: undefined,
  };
  const jacobianAt = (y: Tensor, t: number, env: OdeEnvironment, data: OdeData): Float64Array => {
    own.derivative ??= derivativeForSolver({
      operation: "solveOde",
      kind: "jacobian",
      f: (z: Tensor, time: Tensor, e: OdeEnvironment, d: OdeData) => systemOf(e, d).slope(z, time),
      at: y,
      args: [tensor(t), env, data],
    });
    const { matrix } = own.derivative.evaluate(y, [tensor(t), env, data]);
    const mass = data.mass[0]?.data();
    if (own.stages?.pattern !== matrix.pattern || !sameElements(own.mass, mass)) {
      own.stages = new SparseStages(matrix.pattern, mass && sparseMass(n, mass));
      own.mass = mass && Float64Array.from(mass);
    }
    return floats(matrix.values);
  };
  let last: { readonly env: OdeEnvironment; readonly data: OdeData; readonly system: NumericSystem } | undefined; // prettier-ignore
  const numericSystem = (env: OdeEnvironment, data: OdeData): NumericSystem => {
    if (last?.env === env && last.data === data) return last.system; // as for all steps of a segment
    const atol = floats(env.atol);
    const system: NumericSystem = {
      n,
      rtol: env.rtol,
      atol: atol.length === n ? atol : new Float64Array(n).fill(atol[0]!),
      // compiled functions read arrays without a copy
      slope: (y, t) => floats(code.slope(y as never, t, env, data)),
      slopes: (y, z, t, h) => readElements(own.slopes(y, z, t, h, env, data), "solveOde") as Float64Array,
      drift: (y, t) => floats(own.drift(y, t, env, data)),
      jacobian: (y, t) => jacobianAt(tensor(y), t, env, data),
      algebra: () => own.stages!,
    };
    last = { env, data, system };
    return system;
  };
  const found: CompiledOde = {
    ...code,
    begin(y, t, most, env, data) {
      const jacobian = jacobianAt(y, t, env, data);
      if (jacobian.length > n * n * largestShare || own.stages!.operations > largestShare * (2 / 3) * n ** 3)
        return code.begin(y, t, most, env, data);
      const first = code.slope(y, t, env, data);
      const length = own.firstLength(y, first, t, env, data).item();
      const start = { y: floats(y), slope: floats(first), jacobian, length };
      const memory = method.begin(numericSystem(env, data), start);
      return new SparseState({ t, y: start.y, h: Math.min(length, most), memory, tried: 0, taken: 0 });
    },
    step: (state, limit, env, data, isMany) =>
      state instanceof SparseState
        ? sparseStep(method, numericSystem(env, data), state, limit, env, (rows, length) =>
            events === undefined
              ? []
              : code
                  .eventsOf(tensor(rows, { shape: [rows.length / n, n] }), state.t, length, env, data)
                  .data(),
          )
        : code.step(state, limit, env, data, isMany),
  };
  parts.set(code, found);
  return found;
}

function sameElements(a: ArrayLike<number> | undefined, b: ArrayLike<number> | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/**
 * Attempts steps until one is accepted, the integration is lost, or `maxSteps` attempts were made. The rules are those
 * of `advance`.
 */
function sparseStep(
  method: AnyNumericMethod,
  system: NumericSystem,
  start: SparseState,
  limit: number,
  { maxSteps }: OdeEnvironment,
  eventsOf: (coefficients: Float64Array, length: number) => ArrayLike<number>,
): SingleStepResult {
  const { t, y } = start;
  let { h, memory, tried } = start;
  const counts = [0, 0, 0];
  let [length, ratio, stiffness] = [0, 0, 0];
  let [isTaken, isLost] = [false, false];
  let end = y;
  let coefficients: Float64Array = new Float64Array(0);
  while (!isTaken && !isLost && tried < maxSteps) {
    length = Math.min(h, limit - t);
    const tried1 = method.attempt(system, { t, y, memory }, length);
    isTaken = tried1.ratio <= 1; // false for NaN
    isLost = !isTaken && length <= 16 * Number.EPSILON * Math.abs(t);
    memory = isTaken ? tried1.accepted : tried1.rejected;
    h = length * tried1.factor;
    ({ ratio, stiffness } = tried1);
    tried1.counts.forEach((count, i) => (counts[i]! += count));
    if (isTaken) [end, coefficients] = [tried1.y, tried1.coefficients];
    tried++;
  }
  const time = isTaken ? (length === limit - t ? limit : t + length) : t;
  const taken = start.taken + Number(isTaken);
  const [evaluations, jacobians, factorisations] = counts as [number, number, number];
  return {
    state: new SparseState({ t: time, y: end, h, memory, tried, taken }),
    step: {
      status: { t: time, from: t, length, h, isTaken, isLost, tried, taken, ratio, stiffness, evaluations, jacobians, factorisations }, // prettier-ignore
      coefficients,
      y: end,
      events: isTaken ? eventsOf(coefficients, length) : [],
    },
  };
}
