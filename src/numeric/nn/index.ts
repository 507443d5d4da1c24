import "../array/methods.ts";
import "../../engine/runtime/install.ts";

export {
  celu,
  elu,
  gelu,
  glu,
  hardSigmoid,
  hardSwish,
  hardTanh,
  leakyRelu,
  logSigmoid,
  mish,
  prelu,
  relu,
  relu6,
  selu,
  sigmoid,
  silu,
  softplus,
  softsign,
  sparsePlus,
  sparseSigmoid,
  squareplus,
  tanh,
} from "./activation.ts";
export {
  type AttentionOptions,
  dotProductAttention,
  multiHeadAttention,
  multiHeadInit,
  type MultiHeadOptions,
  type MultiHeadParams,
} from "./attention.ts";
export {
  convolution,
  convolutionInit,
  type ConvolutionInitOptions,
  type ConvolutionParams,
} from "./convolution.ts";
export { ctcLoss, type CtcOptions } from "./ctc-loss.ts";
export { dense, denseInit, type DenseOptions, type DenseParams } from "./dense.ts";
export { dropout, type DropoutOptions, embedding } from "./embedding.ts";
export { embeddingBag, type EmbeddingBagOptions } from "./embedding-bag.ts";
export { gumbelSoftmax, type GumbelSoftmaxOptions } from "./gumbel-softmax.ts";
export {
  fanInUniform,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  type Initialiser,
  type InitialiserOptions,
  lecunNormal,
  lecunUniform,
  orthogonalInit,
  type OrthogonalInitOptions,
  truncatedNormalInit,
  type TruncatedNormalInitOptions,
  varianceScaling,
  type VarianceScalingOptions,
  zerosInit,
} from "./initialise.ts";
export {
  accuracy,
  type CrossEntropyOptions,
  type LossOptions,
  type LossReduction,
  meanSquaredError,
  softmaxCrossEntropy,
} from "./loss.ts";
export {
  gaussianLoss,
  huberLoss,
  type HuberOptions,
  klDivergence,
  type KlOptions,
  meanAbsoluteError,
  poissonLoss,
  sigmoidCrossEntropy,
  type SigmoidCrossEntropyOptions,
} from "./losses.ts";
export {
  cosineEmbeddingLoss,
  hingeEmbeddingLoss,
  type MarginOptions,
  marginRankingLoss,
  multilabelMarginLoss,
  multiMarginLoss,
  type MultiMarginOptions,
  ntXentLoss,
  type NtXentOptions,
  tripletLoss,
  type TripletOptions,
} from "./margin-losses.ts";
export {
  accuracyMetric,
  aucMetric,
  type AucMetricOptions,
  type ClassCounts,
  type ClassMetricOptions,
  f1Metric,
  type HitCounts,
  iouMetric,
  type Metric,
  precisionMetric,
  recallMetric,
  type ScoreCounts,
  topKMetric,
} from "./metrics.ts";
export { mlp, type Mlp, type MlpOptions, type MlpParams } from "./mlp.ts";
export {
  batchNorm,
  type BatchNormOptions,
  type BatchStatistics,
  batchStatisticsInit,
  groupNorm,
  instanceNorm,
  layerNorm,
  type NormaliseOptions,
  rmsNorm,
  scaleInit,
  type ScaleParams,
} from "./normalise.ts";
export {
  bidirectional,
  type Directions,
  gru,
  lstm,
  type OverTime,
  type OverTimeOptions,
  rnn,
} from "./over-time.ts";
export { pairwiseDistance, type PairwiseDistanceOptions } from "./pairwise-distance.ts";
export { adaptiveAvgPool, adaptiveMaxPool, type AdaptiveSizes, maxPoolWithPlaces } from "./pool.ts";
export {
  gruCell,
  gruInit,
  type GruParams,
  lstmCell,
  lstmInit,
  type LstmState,
  type RecurrentOptions,
  type RecurrentParams,
  rnnCell,
  rnnInit,
} from "./recurrent.ts";
export { resize, type ResizeOptions } from "./resize.ts";
export {
  type Layer,
  type LayerLike,
  type ParamsOf,
  residual,
  type ResidualParams,
  sequential,
  type SequentialParams,
} from "./sequential.ts";
export {
  transformerDecoderInit,
  transformerDecoderLayer,
  type TransformerDecoderOptions,
  type TransformerDecoderParams,
  transformerEncoderInit,
  transformerEncoderLayer,
  type TransformerEncoderParams,
  type TransformerOptions,
} from "./transformer.ts";
