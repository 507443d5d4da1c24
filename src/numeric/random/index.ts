import "../array/methods.ts";
import "../../engine/runtime/install.ts";

export type { DrawShape, RealOptions, WholeOptions } from "./arguments.ts";
export { beta, chiSquare, dirichlet, gamma, loggamma, studentT } from "./gamma.ts";
export { key, type Key, type KeyWords } from "./key.ts";
export { foldIn, keys, split } from "./keys.ts";
export { multivariateNormal, orthogonal } from "./multivariate.ts";
export { normal, truncatedNormal } from "./normal.ts";
export { cauchy, exponential, gumbel, laplace, logistic } from "./real.ts";
export {
  ball,
  f,
  generalizedNormal,
  geometric,
  maxwell,
  pareto,
  rayleigh,
  triangular,
  weibullMin,
} from "./variates.ts";
export { bits, uniform, type UniformOptions } from "./uniform.ts";
export {
  bernoulli,
  binomial,
  categorical,
  type CategoricalOptions,
  choice,
  type ChoiceOptions,
  permutation,
  poisson,
  rademacher,
  randint,
} from "./whole.ts";
