import {
  add,
  astype,
  div,
  isFinite,
  lessEqual,
  logicalNot,
  maximum,
  minimum,
  mul,
  sub,
  where,
} from "../../array/elementwise.ts";
import { full, zeros } from "../../array/create.ts";
import { stack } from "../../array/shape.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { jvp } from "../../../engine/transforms/index.ts";
import { cond } from "../../../engine/transforms/structured.ts";
import type { OdeMethod, OdeSystem } from "./method.ts";
import { alongStep, errorRatio, predictedFactor } from "./method.ts";
import type { StageFactors } from "./stage-algebra.ts";

/**
 * Coefficients of Rodas5P, a stiffly accurate Rosenbrock method of order 5 with an embedded method of order 4.
 *
 * Stage i solves `(M/(γh) − J) Uᵢ = f(t + cᵢh, y + Σ aᵢⱼ Uⱼ) + Σ Cᵢⱼ/h · M Uⱼ + h dᵢ ∂f/∂t`. Here a are the `weights`,
 * C the `couplings`, c the `times` and d the `driftWeights`. The arguments of stages 7 and 8 are those of the previous
 * stage plus its U. The last U is the error.
 *
 * @see Steinebach, Construction of Rosenbrock–Wanner method Rodas5P and numerical benchmarks within the Julia
 * Differential Equations package, BIT 63, 2023.
 */
export const gamma: number = 0.21193756319429014;
export const weights: readonly (readonly number[])[] = [
  [],
  [3],
  [2.849394379747939, 0.45842242204463923],
  [-6.954028509809101, 2.489845061869568, -10.358996098473584],
  [2.8029986275628964, 0.5072464736228206, -0.3988312541770524, -0.04721187230404641],
  [-7.502846399306121, 2.561846144803919, -11.627539656261098, -0.18268767659942256, 0.030198172008377946],
];
export const couplings: readonly (readonly number[])[] = [
  [],
  [-14.155112264123755],
  [-17.97296035885952, -2.859693295451294],
  [147.12150275711716, -1.41221402718213, 71.68940251302358],
  [165.43517024871676, -0.4592823456491126, 42.90938336958603, -5.961986721573306],
  [24.854864614690072, -3.0009227002832186, 47.4931110020768, 5.5814197821558125, -0.6610691825249471],
  [
    30.91273214028599, -3.1208243349937974, 77.79954646070892, 34.28646028294783, -19.097331116725623,
    -28.087943162872662,
  ],
  [
    37.80277123390563, -3.2571969029072276, 112.26918849496327, 66.9347231244047, -40.06618937091002,
    -54.66780262877968, -9.48861652309627,
  ],
];
export const times: readonly number[] = [
  0, 0.6358126895828704, 0.4095798393397535, 0.9769306725060716, 0.4288403609558664, 1, 1, 1,
];
export const driftWeights: readonly number[] = [
  0.21193756319429014, -0.42387512638858027, -0.3384627126235924, 1.8046452872882734, 2.325825639765069, 0, 0,
  0,
];
/** Weights of the stages in the coefficients of the dense output. */
export const dense: readonly (readonly number[])[] = [
  [
    25.948786856663858, -2.5579724845846235, 10.433815404888879, -2.3679251022685204, 0.524948541321073,
    1.1241088310450404, 0.4272876194431874, -0.17202221070155493,
  ],
  [
    -9.91568850695171, -0.9689944594115154, 3.0438037242978453, -24.495224566215796, 20.176138334709044,
    15.98066361424651, -6.789040303419874, -6.710236069923372,
  ],
  [
    11.419903575922262, 2.8879645146136994, 72.92137995996029, 80.12511834622643, -52.072871366152654,
    -59.78993625266729, -0.15582684282751913, 4.883087185713722,
  ],
];

/** Derivatives of f at the start of a step: the Jacobian ∂f/∂y and ∂f/∂t. */
interface SlopeDerivatives {
  readonly jacobian: Tensor;
  /** ∂f/∂t */
  readonly drift: Tensor;
}

/** Values that the method keeps between steps. */
interface RosenbrockMemory extends SlopeDerivatives {
  readonly slope: Tensor;
  /** True if the derivatives are those of an earlier point. */
  readonly isStale: Tensor;
  readonly previousRatio: Tensor;
  readonly previousLength: Tensor;
}

function linearise({ slope: f, algebra }: OdeSystem, y: Tensor, t: Tensor): SlopeDerivatives {
  const [, drift] = jvp((time: Tensor) => f(y, time), [t], [1]);
  return { jacobian: algebra.jacobian(f, y, t), drift };
}

/** `Σ wᵢ uᵢ` */
function combine(w: readonly number[], u: readonly Tensor[]): Tensor {
  return u.map((ui, i) => mul(w[i]!, ui)).reduce((sum, term) => add(sum, term));
}

/** Computes a step. `matrix` is only given if the solution is to be differentiated with respect to it. */
function rosenbrockStep(
  { slope: f, algebra }: OdeSystem,
  [y, slope, t, h]: readonly [Tensor, Tensor, Tensor, Tensor],
  drift: Tensor,
  factors: StageFactors,
  matrix?: Tensor,
): { readonly y: Tensor; readonly error: Tensor; readonly coefficients: Tensor } {
  const u: Tensor[] = [];
  let argument = y;
  times.forEach((time, i) => {
    argument = i === 0 ? y : i < 6 ? add(y, combine(weights[i]!, u)) : add(argument, u.at(-1)!);
    const value = i === 0 ? slope : f(argument, add(t, mul(time, h)));
    const side = driftWeights[i] === 0 ? value : add(value, mul(mul(h, driftWeights[i]!), drift));
    const coupled = i === 0 ? side : add(side, div(algebra.applyMass(combine(couplings[i]!, u)), h));
    u.push(algebra.solve(factors, coupled, matrix));
  });
  const error = u.at(-1)!;
  const end = add(argument, error);
  const [first, second, third] = dense.map((w) => combine(w, u)) as [Tensor, Tensor, Tensor];
  // y₀ (1 − p) + p (y₁ + (1 − p) (first + p (second + p third))) in the rows of `alongStep`
  const coefficients = stack([y, sub(end, y), first, add(second, third), mul(-1, third)]);
  return { y: end, error, coefficients };
}

/** Rodas5P, with the exact Jacobian at every step and Gustafsson's predictive step control. */
export const rosenbrock: OdeMethod<RosenbrockMemory> = {
  name: "rosenbrock",
  rows: 5,
  exponent: 0.2,
  isExplicit: false,
  endsAtLimit: true,
  along: alongStep,
  begin(_system, y, _t, slope) {
    const n = y.shape[0]!;
    const none = full([], 0);
    return {
      slope,
      jacobian: zeros([n, n], { dtype: "float64" }),
      drift: mul(0, y),
      isStale: full([], 1, { dtype: "bool" }),
      previousRatio: none,
      previousLength: none,
    };
  },
  attempt(system, { t, y, memory }, h) {
    const { slope: f, algebra, rules } = system;
    const { jacobian, drift } = cond(
      memory.isStale,
      () => linearise(system, y, t),
      (): SlopeDerivatives => ({ jacobian: memory.jacobian, drift: memory.drift }),
    );
    const factors = algebra.factor(algebra.matrix(jacobian, div(1 / gamma, h)));
    const step = rosenbrockStep(system, [y, memory.slope, t, h], drift, factors);
    const ratio = errorRatio(step.error, y, step.y, rules);
    const isTaken = lessEqual(ratio, 1);
    const factor = minimum(maximum(mul(0.9, predictedFactor(ratio, h, memory, 0.2)), 0.2), 6);
    const evaluated = astype(memory.isStale, "float64");
    const stale = full([], 1, { dtype: "bool" });
    return {
      y: step.y,
      ratio,
      factor: where(isTaken, factor, where(isFinite(ratio), minimum(factor, 1), 0.2)),
      coefficients: step.coefficients,
      stiffness: mul(h, algebra.bound(jacobian)),
      accepted: {
        slope: f(step.y, add(t, h)),
        jacobian,
        drift,
        isStale: stale,
        previousRatio: ratio,
        previousLength: h,
      },
      rejected: { ...memory, jacobian, drift, isStale: logicalNot(stale) },
      counts: stack([full([], 8), evaluated, full([], 1)]),
    };
  },
  beginRepeat: () => ({}),
  repeat(system, { t, y }, h) {
    const { slope: f, algebra } = system;
    const { jacobian, drift } = linearise(system, y, t);
    const matrix = algebra.matrix(jacobian, div(1 / gamma, h));
    const step = rosenbrockStep(system, [y, f(y, t), t, h], drift, algebra.factor(matrix), matrix);
    return { y: step.y, memory: {}, coefficients: step.coefficients };
  },
};
