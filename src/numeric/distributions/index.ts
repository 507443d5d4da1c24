import "../array/methods.ts";
import "../../engine/runtime/install.ts";

export { bernoulli, binomial, categorical, geometric, negativeBinomial, poisson } from "./discrete.ts";
export { Distribution } from "./distribution.ts";
export { beta, chi2, dirichlet, gamma, inverseGamma, studentT } from "./gamma.ts";
export { gaussianKde, type KernelDensityOptions } from "./kernel-density.ts";
export { kl } from "./kl.ts";
export {
  cauchy,
  exponential,
  gumbel,
  halfCauchy,
  halfNormal,
  laplace,
  logNormal,
  normal,
  uniform,
  vonMises,
} from "./line.ts";
export {
  affine,
  Bijector,
  expTransform,
  ordered,
  sigmoidTransform,
  softplusTransform,
  stickBreaking,
  tanhTransform,
} from "./bijectors.ts";
export { independent, mixture, transformed } from "./combined.ts";
export { lowRankMultivariateNormal, multivariateNormal } from "./multivariate.ts";
export { multinomial, oneHotCategorical, relaxedBernoulli, relaxedOneHotCategorical } from "./one-hot.ts";
export { pareto, weibull } from "./powers.ts";
export { wishart } from "./wishart.ts";
