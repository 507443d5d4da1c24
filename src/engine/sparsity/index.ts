export type { EntryValues, PlanTensors } from "./evaluate.ts";
export { evaluateEntries } from "./evaluate.ts";
export { polynomialDegrees } from "./degree.ts";
export type { ElementReader, PatternComparison, PatternLimits } from "./pattern.ts";
export { defaultLimits } from "./pattern.ts";
export { localEquation } from "./responsible.ts";
export type { DerivativeKind, DerivativeSearch, PlannedDerivative } from "./search.ts";
export { costOfCheck, searchDerivative } from "./search.ts";
