import type { ScalarFunctions } from "../region/form/functions.ts";
import type { Region, RegionExpr, RegionType } from "../region/form/region.ts";
import type { DualResults, Maybe, Primitive } from "./primitive.ts";
import type { Program } from "./program.ts";
import type { Tensor } from "./tensor.ts";

/** Programs of transformed scalar functions, for derivatives of regions that a transform defines. */
export interface ScalarPrograms {
  /**
   * Traces a transform of a scalar function. `transform` receives the operation, its arguments, and further values of the
   * types `more`. Arguments that are constants are fixed. The other arguments and the further values are the inputs.
   */
  trace(
    name: string,
    args: readonly RegionExpr[],
    more: readonly RegionType[],
    transform: (
      apply: (...xs: Tensor[]) => Tensor,
      args: readonly Tensor[],
      more: readonly Tensor[],
    ) => readonly Tensor[],
  ): Program;
  /** Writes a traced program for these inputs and returns its results. `bind` stores a value in a local. */
  write(
    program: Program,
    ins: readonly RegionExpr[],
    bind: (value: RegionExpr) => RegionExpr,
  ): readonly RegionExpr[];
}

/** Application of a region whose tangents are stacks of Taylor coefficients, and the means to derive its series. */
export interface RegionSeriesCall {
  readonly prim: Primitive;
  readonly ins: readonly Tensor[];
  readonly tangents: readonly Maybe[];
  readonly params: { readonly region: Region };
  readonly masks: readonly boolean[];
  /** Returns the flat form of the region, from which derivatives are built. */
  flat(): Region;
  readonly functions: ScalarFunctions;
  readonly programs: ScalarPrograms;
}

/** Forward mode of a region along stacks of Taylor coefficients. */
export type RegionSeriesRule = (call: RegionSeriesCall) => DualResults;
