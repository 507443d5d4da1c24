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

/** Plan for the transpose of a region that is linear in some parameters. */
export interface ReversePlan {
  /** The region in flat form, after `prepare`. */
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
  /** Copies of results that a later recomputation of a segment would overwrite. */
  readonly resultCopies: readonly RegionLet[];
  /** The cotangents of linear names that a linear result depends on. */
  readonly cotangents: ReadonlyMap<string, Cotangent>;
  /** The backward pass of each linear statement with a value. */
  readonly updates: ReadonlyMap<RegionStmt, LinearUpdate>;
  /** Locals that are certainly finite: a product with them needs no mask. */
  readonly finite: ReadonlySet<string>;
  /** Expressions by which the backward pass replaces locals of the forward pass. */
  readonly recalled: ReadonlyMap<string, RegionExpr>;
  /** All tapes. Nothing reads an element of a tape before storing it. */
  readonly tapes: ReadonlySet<string>;
  readonly scope: ScopePlan;
}

/** A cotangent of a linear result, scalar or array. */
export type CotangentSeed =
  | {
      readonly kind: "scalar";
      /** A parameter of the transpose, or a constant. */
      readonly cotangent: RegionExpr;
      /** The result; `undefined` if it is always 0. */
      readonly value: RegionExpr | undefined;
      readonly isMasked: boolean;
    }
  | {
      readonly kind: "array";
      /** A parameter of the transpose. */
      readonly param: RegionParam;
      readonly dims: readonly RegionExpr[];
      /** The array that the elements are copied to; `undefined` if no linear parameter reaches it. */
      readonly target: string | undefined;
    };

export type Cotangent =
  /** A mutable local or an array, declared as 0. Uses of the linear name add to it. */
  | { readonly kind: "local"; readonly name: string; readonly type: RegionType }
  | { readonly kind: "array"; readonly declaration: ArrayDeclaration }
  /** For locals whose uses are all in their own block: each partial sum is an immutable local. */
  | { readonly kind: "sum"; readonly hint: string };

/** The backward pass of a `let`, `set` or `store` of a linear value. */
export interface LinearUpdate {
  /** True if the cotangent may be the 0 of a mask: then its products are strong. */
  readonly isMasked: boolean;
  /** Terms that the statement adds to the previous value; `undefined` if it overwrites that. */
  readonly terms: readonly SumTerm[] | undefined;
  /** True if a term reads the target, so that its cotangent is copied first. */
  readonly readsTarget: boolean;
  /** True for a store that finds only zeros: the cotangent of the previous value is not needed. */
  readonly isFirst: boolean;
}

/** A block whose backward pass follows in the same scope: of the region, of a fused iteration, of a segment. */
export interface ScopePlan {
  readonly phases: readonly ScopePhase[];
  /** Names with one value throughout the scope. */
  readonly fixed: ReadonlySet<string>;
  /** Tapes to declare before a statement of the block. */
  readonly tapesBefore: ReadonlyMap<RegionStmt, readonly TapedValue[]>;
  /** Saved values by the locals that they are values of. */
  readonly saved: ReadonlyMap<string, TapedValue>;
  /** Loops with a backward pass. */
  readonly loops: ReadonlyMap<RegionStmt, ReverseLoopPlan>;
  /** Nested blocks with a backward pass. */
  readonly blocks: ReadonlyMap<RegionBlock, BackwardBlock>;
}

/** The parts of a scope, in the order in which they run. */
export type ScopePhase =
  /** Runs statements that are not linear, and saves values. */
  | { readonly kind: "forward"; readonly stmts: RegionBlock }
  | { readonly kind: "declare"; readonly cotangents: readonly Cotangent[] }
  | { readonly kind: "seed" }
  /** The backward pass of statements, in the order in which they go backward. */
  | { readonly kind: "backward"; readonly stmts: RegionBlock }
  /** Copies results of the forward pass. */
  | { readonly kind: "results" };

/** A local of the forward pass whose value the backward pass reads later. */
export interface TapedValue {
  readonly value: RegionLet;
  /** Array that holds one value per iteration; outside of loops a local. */
  readonly tape: string;
  /** Locals that the declaration needs: trip counts, and the running offset of a growable tape. */
  readonly definitions: readonly RegionLet[];
  /** Declaration of the array; `undefined` outside of loops. */
  readonly array: ArrayDeclaration | undefined;
  /** Indices in the forward pass. */
  readonly indices: readonly RegionExpr[];
}

/** A local at the beginning of a backward block: recomputed, or loaded from a tape. */
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
  /** In the order in which they go backward. */
  readonly stmts: RegionBlock;
}

export type ReverseLoopPlan = FusedLoop | ReversedLoop | SegmentedLoop;

/** Each iteration runs forward and at once backward. */
export interface FusedLoop {
  readonly kind: "fused";
  readonly scope: ScopePlan;
}

/** All iterations run forward; later a loop runs over them backward. */
export interface ReversedLoop {
  readonly kind: "reversed";
  readonly forward: IterationPlan;
  readonly backward: IterationPlan;
  /** Locals before the backward loop: its end, if the loop may end early. */
  readonly definitions: readonly RegionLet[];
  /** The loop of the backward pass, without its body. */
  readonly header: Omit<RegionFor, "body" | "at">;
}

/** Numbering of iterations, for tapes. */
export interface IterationPlan {
  /** Locals at the beginning of an iteration: its number, and its offset on growable tapes. */
  readonly definitions: readonly RegionLet[];
  /** Change of the running offset: after the loop in the forward pass, before it in the backward pass. */
  readonly move: OffsetMove | undefined;
}

export interface OffsetMove {
  readonly offset: RegionLocal;
  readonly by: "add" | "sub";
  /** Number of iterations, and the locals that it needs. */
  readonly count: RegionExpr;
  readonly definitions: readonly RegionLet[];
}

/** A checkpointed loop: runs in segments, and runs each segment once more with tapes before its backward pass. */
export interface SegmentedLoop {
  readonly kind: "segmented";
  readonly loop: RegionFor;
  readonly state: CheckpointState;
  /** Arrays of saved states, in the order of the scalars and arrays of `state`. */
  readonly saved: readonly ArrayDeclaration[];
  /** Locals before the loop that `schedule` and `span` need. */
  readonly definitions: readonly RegionLet[];
  readonly schedule: SchedulePlan;
  /** Distance between the first indices of consecutive segments. */
  readonly span: RegionExpr;
  /** Bounds of the segment that runs backward. */
  readonly from: RegionLocal;
  readonly to: RegionLocal;
  readonly scope: ScopePlan;
}
