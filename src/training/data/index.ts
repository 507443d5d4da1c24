import "../../numeric/array/methods.ts";
import "../../engine/runtime/install.ts";

export type { AugmentOptions } from "./augment-keys.ts";
export type { Batches, BatchOptions, BatchPlace, Epoch, EpochOptions, StreamBatches } from "./batches.ts";
export { co2, type Co2 } from "./co2.ts";
export type { BatchLeaf, Column, ColumnData, ColumnLike, FloatColumn, NestedColumn } from "./column.ts";
export {
  dataset,
  type Dataset,
  type DatasetOptions,
  type PartOptions,
  type Parts,
  type StreamDataset,
} from "./dataset.ts";
export { digits } from "./digits.ts";
export {
  dropMissing,
  type DropMissingOptions,
  encodeFeatures,
  type EncodedFeatures,
  type FeatureEncoder,
  type FeatureInput,
  type FeatureRule,
  fitFeatures,
  type FitFeaturesOptions,
} from "./encode-features.ts";
export { type BatchOf, takeRows } from "./fields.ts";
export { kFold, type KFoldOptions } from "./folds.ts";
export {
  type ImageOptions,
  randomNoise,
  type RandomNoiseOptions,
  randomRotation,
  type RandomRotationOptions,
  randomShift,
  type RandomShiftOptions,
} from "./images.ts";
export { iris } from "./iris.ts";
export { labelledImages, type LabelledImages } from "./labelled-images.ts";
export { encodeLabels, type EncodedLabels } from "./labels.ts";
export { balancedWeights, type SampleOptions } from "./order.ts";
export { penguins, type Penguins, type PenguinsOptions } from "./penguins.ts";
export type { PrefetchOptions, WorkerOptions } from "./prefetch.ts";
export type { ShardOptions } from "./shard.ts";
export type { ShuffleOptions, StreamShuffleOptions } from "./shuffle.ts";
export {
  randomSplit,
  type RandomSplitOptions,
  type Split,
  stratifiedSplit,
  type StratifiedSplitOptions,
} from "./split.ts";
export {
  fitStandardiser,
  type FitStandardiserOptions,
  standardise,
  type Standardiser,
  unstandardise,
} from "./standardise.ts";
export type { ItemPlace } from "./steps.ts";
export type { Items, ItemSource } from "./stream.ts";
export {
  type Classification,
  type Regression,
  supervised,
  type Supervised,
  type SupervisedOptions,
} from "./supervised.ts";
export { tableFields, type TableField } from "./table-fields.ts";
export type { EmbeddedTable } from "./tables.ts";
export {
  blobs,
  type BlobsOptions,
  circles,
  type CirclesOptions,
  moons,
  polynomial,
  type PolynomialOptions,
  sine,
  type SineOptions,
  spirals,
  type SpiralsOptions,
  type ToyClasses,
  type ToyCurve,
  type ToyOptions,
} from "./toys.ts";
export { wine } from "./wine.ts";
