import "../array/methods.ts";
import "../../engine/runtime/install.ts";

export { bernoulli, binomial, categorical, negativeBinomial, poisson } from "./discrete.ts";
export { Distribution } from "./distribution.ts";
export { beta, dirichlet, gamma, inverseGamma, studentT } from "./gamma.ts";
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
export { multivariateNormal } from "./multivariate.ts";
