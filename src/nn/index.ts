import "../array/methods.ts";
import "../runtime/install.ts";

export { relu, sigmoid, softplus, tanh } from "./activation.ts";
export { dense, denseInit, type DenseOptions, type DenseParams } from "./dense.ts";
export {
  fanInUniform,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  type Initialiser,
  type InitialiserOptions,
  zerosInit,
} from "./initialise.ts";
export { accuracy, type LossOptions, meanSquaredError, softmaxCrossEntropy } from "./loss.ts";
export { mlp, type Mlp, type MlpOptions, type MlpParams } from "./mlp.ts";
