import "../../numeric/array/methods.ts";
import "../../engine/runtime/install.ts";

export { type BatchRacer, type BatchRun, compareBatches, type CompareBatchesOptions } from "./batch-runs.ts";
export {
  type GradientVariance,
  gradientVariance,
  type GradientVarianceOptions,
  repeatItems,
  type VarianceOfBatches,
} from "./gradient-variance.ts";
export {
  defineLandscape,
  type Interval,
  type Landscape,
  type LandscapeOptions,
  type Point,
} from "./landscape.ts";
export {
  landscape,
  type LossSlice,
  type SliceConstraint,
  type SliceDirections,
  type SliceOptions,
} from "./loss-slice.ts";
export { findMinima } from "./minima.ts";
export { findPreset, presets } from "./presets/index.ts";
export type { Preset } from "./presets/preset.ts";
export { race, type Race, type RaceOptions, type RaceOutcome, type RaceRun } from "./race.ts";
export type { RaceConstraint, RaceRegion } from "./region.ts";
export type * from "./study.ts";
export { landscapeText, type LandscapeTextOptions } from "./draw/to-text.ts";
export { landscapeHtml } from "./draw/to-html.ts";
export { landscapeSvg, type LandscapeSvgOptions } from "./draw/to-svg.ts";
export { findLandscape, type Specimen, type UsualRates, zoo } from "./zoo.ts";
