import { abs, add, div, equal, mul, neg, sub, where } from "../../array/elementwise.ts";
import { full } from "../../array/create.ts";
import { all, max } from "../../array/reduce.ts";
import { expandDims, matmul, transpose } from "../../array/shape.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { isFloating } from "../../../engine/ir/types.ts";
import { makeJitted as jit } from "../../../engine/runtime/jitted.ts";
import { vjp } from "../../../engine/transforms/index.ts";
import { solveLinear } from "../implicit/implicit.ts";
import { type BinomialLoop, binomialScan, type ReverseStep } from "./binomial-scan.ts";
import type { OdeData, OdeEnvironment } from "./compiled.ts";
import type { AnyOdeMethod, OdeSystem, RepeatedStep } from "./method.ts";
import { denseAlgebra } from "./stage-algebra.ts";

/**
 * Reverse mode of a solution:
 * - `discrete`: the derivative of the steps that were taken.
 * - `continuous`: the adjoint differential equation, solved backward by the same method on the same steps.
 * - `forward`: forward mode, once per element of y and of the data.
 */
export type OdeAdjoint = "discrete" | "continuous" | "forward";

/** State between repeated steps. */
export interface RepeatedState {
  readonly y: Tensor;
  readonly memory: RepeatedStep["memory"];
}

/** Starts and lengths of recorded steps. Unused entries follow the first `count` ones. */
export interface StepSequence {
  /** Elapsed times, constants; `shift` is added to them. */
  readonly starts: Tensor;
  readonly lengths: Tensor;
  readonly shift: Tensor;
  readonly count: Tensor;
  /** `binomialTable` for the number of states to store. */
  readonly table: Tensor;
}

/** Compiled functions that recompute recorded steps. Differentiable in the state, in the data, and in the time. */
export interface RepeatedOde {
  readonly begin: (y: Tensor, t: Tensor, env: OdeEnvironment, data: OdeData) => RepeatedState;
  /** State after a sequence of steps. */
  readonly move: (
    from: RepeatedState,
    steps: StepSequence,
    env: OdeEnvironment,
    data: OdeData,
  ) => RepeatedState;
  /** Also returns the polynomials of all steps: `[k, rows, n]`. */
  readonly trace: (
    from: RepeatedState,
    steps: StepSequence,
    env: OdeEnvironment,
    data: OdeData,
  ) => TracedSteps;
  /** Polynomial of one step, `[rows, n]`, and the state after it. */
  readonly step: (
    from: RepeatedState,
    t: Tensor,
    h: Tensor,
    env: OdeEnvironment,
    data: OdeData,
  ) => TracedSteps;
}

/** State after steps, with their polynomials. */
export interface TracedSteps {
  readonly state: RepeatedState;
  readonly coefficients: Tensor;
}

/** Compiles the repetition of the steps of a method. */
export function repeatedOde(
  systemOf: (env: OdeEnvironment, data: OdeData) => OdeSystem,
  method: AnyOdeMethod,
  adjoint: OdeAdjoint,
): RepeatedOde {
  const run = (
    { y, memory }: RepeatedState,
    { starts, lengths, shift, count, table }: StepSequence,
    env: OdeEnvironment,
    data: OdeData,
    hasPolynomials: boolean,
  ): TracedSteps => {
    const names = Object.keys(memory);
    const stateOf = ([z, ...rest]: readonly Tensor[]): RepeatedState => ({
      y: z!,
      memory: Object.fromEntries(names.map((name, i) => [name, rest[i]!])),
    });
    const leavesOf = (state: RepeatedState): Tensor[] => [
      state.y,
      ...names.map((name) => state.memory[name]!),
    ];
    const systemFor = ([, ...own]: readonly Tensor[]): OdeSystem =>
      systemOf(env, { slope: own, events: [], mass: data.mass });
    const step = (
      carry: readonly Tensor[],
      [start, h]: readonly Tensor[],
      own: readonly Tensor[],
    ): TracedSteps => {
      const t = add(start!, own[0]!);
      const { coefficients, ...state } = method.repeat(systemFor(own), { ...stateOf(carry), t }, h!);
      return { state, coefficients };
    };
    const problem: BinomialLoop = {
      step(carry, x, own) {
        const { state, coefficients } = step(carry, x, own);
        return { carry: leavesOf(state), ys: hasPolynomials ? [coefficients] : [] };
      },
      reverseStep:
        adjoint === "continuous" ? continuousStep(method, names, systemFor, step, data.mass[0]) : undefined,
      isForward: adjoint === "forward",
      carry: leavesOf({ y, memory }),
      xs: [starts, lengths],
      data: [shift, ...data.slope],
      unused: hasPolynomials ? [full([method.rows, y.shape[0]!], 0)] : [],
      count,
      table,
    };
    const { carry, ys } = binomialScan(problem);
    return { state: stateOf(carry), coefficients: ys[0] ?? expandDims(y, 0) };
  };
  return {
    begin: jit((y: Tensor, t: Tensor, env: OdeEnvironment, data: OdeData) => ({
      y,
      memory: method.beginRepeat(systemOf(env, data), y, t),
    })) as never,
    move: jit(
      (from: RepeatedState, steps: StepSequence, env: OdeEnvironment, data: OdeData) =>
        run(from, steps, env, data, false).state,
    ) as never,
    trace: jit((from: RepeatedState, steps: StepSequence, env: OdeEnvironment, data: OdeData) =>
      run(from, steps, env, data, true),
    ) as never,
    step: jit((from: RepeatedState, t: Tensor, h: Tensor, env: OdeEnvironment, data: OdeData) => {
      const { coefficients, ...state } = method.repeat(systemOf(env, data), { ...from, t }, h);
      return { state, coefficients };
    }) as never,
  };
}

/** Nodes and weights of the Gauss quadrature of order 10 on the interval from 0 to 1. */
const quadrature = /* @__PURE__ */ ((): readonly (readonly [node: number, weight: number])[] => {
  const [near, far] = [Math.sqrt(5 - 2 * Math.sqrt(10 / 7)) / 3, Math.sqrt(5 + 2 * Math.sqrt(10 / 7)) / 3];
  const [large, small] = [(322 + 13 * Math.sqrt(70)) / 1800, (322 - 13 * Math.sqrt(70)) / 1800];
  return [
    [0.5 - far / 2, small],
    [0.5 - near / 2, large],
    [0.5, 128 / 450],
    [0.5 + near / 2, large],
    [0.5 + far / 2, small],
  ];
})();

/** Values of the adjoint equation `Mᵀ dλ/dt = −(∂f/∂y)ᵀ λ` at a time. */
interface AdjointStart {
  readonly lambda: Tensor;
  /** Multipliers of the algebraic equations, 0 for the others: the cotangents of the algebraic components. */
  readonly multipliers: Tensor;
}

/**
 * Computes the adjoint values for the cotangent of y. Algebraic components are functions of the others, so their
 * cotangents become multipliers ν of the algebraic equations. Then `Mᵀ λ = ct + Jᵀ ν` for the other components, and
 * `Jᵀ λ = 0` for the algebraic ones.
 */
function adjointStart(mass: Tensor, jacobian: Tensor, ct: Tensor): AdjointStart {
  const isAlgebraic = all(equal(mass, 0), { axis: 0 });
  const back = transpose(jacobian);
  const matrix = where(expandDims(isAlgebraic, 1), back, transpose(mass));
  const multipliers = solveLinear(matrix, where(isAlgebraic, neg(ct), 0));
  const lambda = solveLinear(matrix, where(isAlgebraic, 0, add(ct, matmul(back, multipliers))));
  return { lambda, multipliers };
}

/**
 * One backward step of the adjoint equation dλ/dt = −(∂f/∂y)ᵀ λ along the polynomial of a step. The gradient with respect
 * to the data is the integral of (∂f/∂p)ᵀ λ. With a mass matrix, see `adjointStart`.
 */
function continuousStep(
  method: AnyOdeMethod,
  names: readonly string[],
  systemFor: (own: readonly Tensor[]) => OdeSystem,
  step: (carry: readonly Tensor[], x: readonly Tensor[], own: readonly Tensor[]) => TracedSteps,
  mass: Tensor | undefined,
): ReverseStep {
  return (carry, [start, h], own, cts) => {
    const active = own.filter((x) => isFloating(x.dtype));
    const replaced = (moved: readonly Tensor[]): Tensor[] => {
      let next = 0;
      return own.map((x) => (isFloating(x.dtype) ? moved[next++]! : x));
    };
    const { coefficients } = step(carry, [start!, h!], own);
    /** (∂f/∂y)ᵀ λ and (∂f/∂p)ᵀ λ at a fraction of the step. */
    const products = (lambda: Tensor, part: Tensor): Tensor[] => {
      const f = (y: Tensor, ...moved: Tensor[]): Tensor =>
        systemFor(replaced(moved)).slope(y, add(add(start!, moved[0]!), mul(part, h!)));
      const [, pullback] = vjp(
        f,
        ...([method.along(coefficients, part), ...active] as [Tensor, ...Tensor[]]),
      );
      return pullback(lambda);
    };
    // the memory at the end of the step counts as a function of the solution there
    const memoryAt = (y: Tensor, ...moved: Tensor[]): Tensor[] => {
      const known = method.beginRepeat(systemFor(replaced(moved)), y, add(add(start!, moved[0]!), h!));
      return names.map((name) => known[name]!);
    };
    const ofMemory =
      names.length === 0
        ? undefined
        : vjp(memoryAt as never, ...([method.along(coefficients, full([], 1)), ...active] as never[]));
    const [toEnd, ...toData] = (ofMemory?.[1] as ((ct: readonly Tensor[]) => Tensor[]) | undefined)?.(cts.carry.slice(1)) ?? []; // prettier-ignore
    const ct = toEnd === undefined ? cts.carry[0]! : add(cts.carry[0]!, toEnd);
    const { rules, slope, algebra } = systemFor(own);
    const end = method.along(coefficients, full([], 1));
    const { lambda, multipliers } =
      mass === undefined
        ? { lambda: ct, multipliers: undefined }
        : adjointStart(mass, algebra.jacobian(slope, end, add(add(start!, own[0]!), h!)), ct);
    const ofMultipliers =
      multipliers === undefined ? active.map((x) => mul(0, x)) : products(multipliers, full([], 1)).slice(1);
    const atEnd = ofMultipliers.map((x, i) => (toData[i] === undefined ? x : add(toData[i], x)));
    const adjoint: OdeSystem = {
      slope: (z, s) => products(z, sub(1, div(s, h!)))[0]!,
      rules: { rtol: rules.rtol, atol: add(mul(rules.rtol, max(abs(lambda))), Number.MIN_VALUE * 2 ** 60) },
      algebra: denseAlgebra(lambda.shape[0]!, mass && transpose(mass)),
    };
    const origin = full([], 0);
    const memory = method.beginRepeat(adjoint, lambda, origin);
    const back = method.repeat(adjoint, { t: origin, y: lambda, memory }, h!);
    const data = quadrature
      .map(([node, weight]) =>
        products(method.along(back.coefficients, full([], 1 - node)), full([], node))
          .slice(1)
          .map((x) => mul(mul(weight, h!), x)),
      )
      .reduce((total, terms) => total.map((x, i) => add(x, terms[i]!)), atEnd);
    const before = [adjoint.algebra.applyMass(back.y), ...carry.slice(1).map((x) => mul(0, x))];
    if (cts.ys.length === 0) return { carry: before, data };
    // the polynomial itself is differentiated directly
    const f = (...given: Tensor[]): Tensor =>
      step(given.slice(0, carry.length), [start!, h!], replaced(given.slice(carry.length))).coefficients;
    const [, pullback] = vjp(f, ...carry, ...active);
    const direct = pullback(cts.ys[0]!);
    return {
      carry: before.map((x, i) => (i === 0 ? add(x, direct[i]!) : direct[i]!)),
      data: data.map((x, i) => add(x, direct[carry.length + i]!)),
    };
  };
}
