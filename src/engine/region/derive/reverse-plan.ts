// The plan of reverse mode: decisions and names, no code. `planReverse` makes it, `writeReverse` turns it into a region.
import type { RegionLocal } from "../form/build.ts";
import type {
  ArrayDeclaration,
  PositionIndex,
  Region,
  RegionBlock,
  RegionExpr,
  RegionFor,
  RegionLet,
  RegionParam,
  RegionResult,
  RegionStmt,
  RegionType,
} from "../form/region.ts";
import type { CheckpointState } from "./checkpoint.ts";
import type { SchedulePlan } from "./schedule.ts";
import type { SumTerm } from "./sums.ts";

/** Plan for the transpose of a region that is linear in some of its parameters. */
export interface ReversePlan {
  /** The region in flat form, as `prepare` has rewritten it. */
  readonly region: Region;
  /** Names that depend on a linear parameter. Their statements run in the backward pass only. */
  readonly linear: ReadonlySet<string>;
  /** Parameters of the region that are not linear. */
  readonly params: readonly RegionParam[];
  /** Linear parameters, in order. Their cotangents are results. */
  readonly linearParams: readonly RegionParam[];
  /** Cotangents of the linear results, in order. The backward pass begins from them. */
  readonly seeds: readonly CotangentSeed[];
  /** Results that are not linear. */
  readonly results: readonly RegionResult[];
  /** Locals that hold copies of results, for results that the recomputation of a segment would overwrite. */
  readonly resultCopies: readonly RegionLet[];
  /** Cotangents of the linear names that a linear result depends on. */
  readonly cotangents: ReadonlyMap<string, Cotangent>;
  /** Backward passes of the statements that assign or store a linear value. */
  readonly updates: ReadonlyMap<RegionStmt, LinearUpdate>;
  /** Locals that are certainly finite. A product with such a factor needs no mask. */
  readonly finite: ReadonlySet<string>;
  /** For locals of the forward pass, the expressions by which the backward pass replaces them. */
  readonly recalled: ReadonlyMap<string, RegionExpr>;
  /** All tapes. No element of a tape is read before it is stored. */
  readonly tapes: ReadonlySet<string>;
  readonly scope: ScopePlan;
}

/** Cotangent of a linear result, scalar or array, which the transpose receives. */
export type CotangentSeed =
  | {
      readonly kind: "scalar";
      /** A parameter of the transpose, or a constant. */
      readonly cotangent: RegionExpr;
      /** The linear expression whose value is the result; `undefined` if the result is always 0. */
      readonly value: RegionExpr | undefined;
      readonly isMasked: boolean;
    }
  | {
      readonly kind: "array";
      /** A parameter of the transpose. */
      readonly param: RegionParam;
      readonly dims: readonly RegionExpr[];
      /**
       * Array of cotangents that the parameter's elements are copied to; `undefined` if the result depends on no linear
       * parameter.
       */
      readonly target: string | undefined;
    };

export type Cotangent =
  /**
   * Cotangent in a mutable local or an array that is declared as 0. The backward pass of each use of the linear name
   * adds to it.
   */
  | { readonly kind: "local"; readonly name: string; readonly type: RegionType }
  | { readonly kind: "array"; readonly declaration: ArrayDeclaration }
  /**
   * Cotangent of a local whose uses are all in its own block. Each partial sum is a new immutable local, named after
   * `hint`.
   */
  | { readonly kind: "sum"; readonly hint: string };

/** The backward pass of a `let`, `set` or `store` of a linear value. */
export interface LinearUpdate {
  /** True if the cotangent may be a masked zero, so that products with it have a strong zero (docs/masks.md). */
  readonly isMasked: boolean;
  /** Terms that the statement adds to the previous value of its target; `undefined` if it overwrites the value. */
  readonly terms: readonly SumTerm[] | undefined;
  /** True if a term reads the target, so that the cotangent of the target must be copied first. */
  readonly readsTarget: boolean;
  /** True for a store into an element that is still 0. The cotangent of the previous value is then not needed. */
  readonly isFirst: boolean;
}

/**
 * A block whose forward and backward pass run in the same scope: the region's body, a fused iteration, or a segment.
 */
export interface ScopePlan {
  readonly phases: readonly ScopePhase[];
  /** Names whose value does not change in the scope. */
  readonly fixed: ReadonlySet<string>;
  /** Tapes to declare before a statement of the block, by that statement. */
  readonly tapesBefore: ReadonlyMap<RegionStmt, readonly TapedValue[]>;
  /** Saved values, by the names of the locals whose values they are. */
  readonly saved: ReadonlyMap<string, TapedValue>;
  /** Plans of the loops with a backward pass. */
  readonly loops: ReadonlyMap<RegionStmt, ReverseLoopPlan>;
  /** Plans of the nested blocks with a backward pass. */
  readonly blocks: ReadonlyMap<RegionBlock, BackwardBlock>;
}

/** A part of a scope. Parts run in order. */
export type ScopePhase =
  /** Runs statements that are not linear, and saves the values of locals. */
  | { readonly kind: "forward"; readonly stmts: RegionBlock }
  | { readonly kind: "declare"; readonly cotangents: readonly Cotangent[] }
  | { readonly kind: "seed" }
  /** Runs the backward passes of statements, in this order. */
  | { readonly kind: "backward"; readonly stmts: RegionBlock }
  /** Copies results of the forward pass. */
  | { readonly kind: "results" };

/** A local of the forward pass whose value is saved, because the backward pass reads it. */
export interface TapedValue {
  readonly value: RegionLet;
  /** Name of the array that holds one value per iteration; outside of loops the name of a local. */
  readonly tape: string;
  /** Locals that the declaration of the array needs: trip counts, and the running offset of a growable tape. */
  readonly definitions: readonly RegionLet[];
  /** Declaration of the array; `undefined` outside of loops. */
  readonly array: ArrayDeclaration | undefined;
  /** Indices of the element of the tape at which the forward pass stores the value. */
  readonly indices: readonly RegionExpr[];
}

/** Definition of a local at the beginning of a backward block: recomputed, or loaded from a tape. */
export interface Recovery {
  readonly kind: "recomputed" | "loaded";
  readonly of: string;
  readonly name: string;
  readonly value: RegionExpr;
  readonly at: PositionIndex | undefined;
}

/** The backward pass of a nested block. */
export interface BackwardBlock {
  readonly recoveries: readonly Recovery[];
  readonly cotangents: readonly Cotangent[];
  /** Statements in the order of their backward passes. */
  readonly stmts: RegionBlock;
}

export type ReverseLoopPlan = FusedLoop | ReversedLoop | SegmentedLoop;

/** A loop whose iterations each run forward and then backward at once. */
export interface FusedLoop {
  readonly kind: "fused";
  readonly scope: ScopePlan;
}

/** A loop that runs all iterations forward; later a loop over the same iterations runs them backward. */
export interface ReversedLoop {
  readonly kind: "reversed";
  readonly forward: IterationPlan;
  readonly backward: IterationPlan;
  /** Locals to declare before the backward loop, such as its end if the forward loop may end early. */
  readonly definitions: readonly RegionLet[];
  /** The loop of the backward pass, without its body. */
  readonly header: Omit<RegionFor, "body" | "at">;
}

/** Numbers of the iterations of a loop, by which tapes are indexed. */
export interface IterationPlan {
  /** Locals at the beginning of an iteration: its number, and its offset on growable tapes. */
  readonly definitions: readonly RegionLet[];
  /**
   * Change of the running offset of growable tapes: after the loop in the forward pass, before it in the backward pass.
   */
  readonly move: OffsetMove | undefined;
}

export interface OffsetMove {
  readonly offset: RegionLocal;
  readonly by: "add" | "sub";
  /** Number of iterations of the loop. `definitions` declares the locals that it reads. */
  readonly count: RegionExpr;
  readonly definitions: readonly RegionLet[];
}

/** A checkpointed loop. It runs in segments; each segment runs once more, with tapes, before its backward pass. */
export interface SegmentedLoop {
  readonly kind: "segmented";
  readonly loop: RegionFor;
  readonly state: CheckpointState;
  /** Arrays of saved states, in the order of the scalars and arrays of `state`. */
  readonly saved: readonly ArrayDeclaration[];
  /** Locals to declare before the loop, which `schedule` and `span` read. */
  readonly definitions: readonly RegionLet[];
  readonly schedule: SchedulePlan;
  /** Distance between the first indices of consecutive segments. */
  readonly span: RegionExpr;
  /** First and end index of the loop over the segment that is being run backward (`from`, `to`). */
  readonly from: RegionLocal;
  readonly to: RegionLocal;
  readonly scope: ScopePlan;
}
