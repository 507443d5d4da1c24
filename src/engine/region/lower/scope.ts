import { must } from "../../util/assert-never.ts";
import type { Block } from "../../kernel/build.ts";
import * as k from "../../kernel/build.ts";
import type { FailureLocals } from "../../kernel/failure.ts";
import type { IntegerInterval } from "../../kernel/range.ts";
import type { Buffer, Expr, ScalarType, SizeExpr, Stmt } from "../../kernel/scalar.ts";
import { walkExpr } from "../../kernel/walk.ts";
import type { ScalarFunctions } from "../form/functions.ts";
import type { PositionIndex, RegionType, ThrownPart } from "../form/region.ts";

/** Memory of an array: its elements in row-major order, from `offset` in a buffer. */
export interface ArrayPlace {
  readonly type: ScalarType;
  readonly buffer: string;
  readonly offset: Expr;
  /**
   * Length of each axis, i32: constants, inputs, or locals that are never set. Growable arrays have no readable length.
   */
  readonly dims: readonly Expr[];
  /** State of a growable array; `undefined` for other arrays. */
  readonly growth?: ArrayGrowth;
}

/** State of a growable array. Elements from index `end` on are not stored yet and count as 0. */
export interface ArrayGrowth {
  /** Capacity of the buffer in elements. */
  readonly capacity: Expr;
  /** Number of elements that are stored so far, in a mutable local. */
  readonly end: Expr;
}

/** Memory that the host provides for an array that the region declares. */
export interface ArrayMemory {
  readonly buffer: string;
  /** Index of the first element in the buffer; a mutable local if the array is swapped. */
  readonly offset: Expr;
  /** Capacity in elements, if the length is not known before the call. */
  readonly capacity: Expr | undefined;
}

/** A possible error: its cause and source position. */
export interface ErrorSite {
  /**
   * `capacity`: an array has outgrown its memory, and the call is repeated with more. `checks`: a check before a loop
   * failed, and the call is repeated with code that checks in the loop.
   */
  readonly kind: "place" | "length" | "throw" | "capacity" | "checks";
  readonly at: PositionIndex | undefined;
  readonly array?: string;
  readonly axis?: number;
  readonly message?: string;
  /** Values in the message of a `throw`, with the text after each. */
  readonly more?: readonly SiteValue[];
  /** Class name of the error of a `throw`. */
  readonly error?: string | undefined;
}

/** A value in an error message. The value itself is an output of the routine, as f64. */
export interface SiteValue extends Pick<ThrownPart, "by" | "text"> {
  readonly type: RegionType;
}

/** The environment into which a region is written: a separate routine, or part of a program. */
export interface LoweringHost {
  readonly block: Block;
  readonly failure: FailureLocals<ErrorSite>;
  fresh(hint: string): string;
  /** Scalar parameters as constants or immutable locals, and array parameters. */
  readonly scalars: ReadonlyMap<string, Expr>;
  readonly arrays: ReadonlyMap<string, ArrayPlace>;
  memoryOf(array: string): ArrayMemory;
  /** Allocator of buffers that loop passes request; `undefined` if they get none. */
  readonly scratch?: {
    add(buffer: Buffer, use: ScratchUse): void;
    /** True if all sizes in the code must be numbers. */
    readonly isFixed?: boolean;
    /** True if contractions may allocate arrays. Default true. */
    readonly holdsProducts?: boolean;
    /**
     * Returns the size in elements of a buffer that holds only one array, which begins at its start; `undefined` for
     * other buffers.
     */
    sizeOf(buffer: string): SizeExpr | undefined;
    /**
     * Reports whether the requested buffers are available. Called once, after all requests. If false, the loops are
     * rewritten again without these buffers. Default true.
     */
    isGranted?(): boolean;
  };
}

/** Purpose for which a buffer is requested. */
export type ScratchUse = "strips" | "products";

/**
 * A branch that checks conditions, such as an index in range: `if (inRange) { following statements } else { record the
 * error }`.
 */
export interface IndexGuard {
  /** Condition to check in addition to `checks`. */
  readonly condition?: Expr;
  /** Indices to check. They are exact: int32, or float64 values that must be integers. */
  readonly checks: readonly IndexCheck[];
}

export interface IndexCheck {
  readonly place: Expr;
  /** Length of the axis: int32, at least 0. */
  readonly length: Expr;
}

/** A loop index that the loop body declares; its values are from `from` to `to − 1`. */
export interface LoopIndex {
  readonly index: string;
  readonly from: Expr;
  readonly to: Expr;
}

/** State of the lowering of a region. */
export interface RegionScope {
  readonly host: LoweringHost;
  readonly functions: ScalarFunctions;
  /** Locals of the region that some `set` changes. */
  readonly settable: ReadonlySet<string>;
  /** Values of the region's scalars in the routine, and memory of its arrays, by name. */
  readonly scalars: Map<string, Expr>;
  readonly arrays: Map<string, ArrayPlace>;
  /** For immutable locals of the routine: ranges of integers, and exact float64 values of integers that may wrap. */
  readonly ranges: Map<string, IntegerInterval>;
  readonly exact: Map<string, Expr>;
  /** Locals of the routine that may change. */
  readonly changing: Set<string>;
  readonly guards: Map<Stmt, IndexGuard>;
  /** For each loop with a counter other than the region's loop index: this index and its range. */
  readonly indices: Map<Stmt, LoopIndex>;
  /** For each loop that clears an array, this array. */
  readonly clears: Map<Stmt, ArrayPlace>;
  /** For each store, the indices of its element, one per axis. */
  readonly stores: Map<Stmt, readonly Expr[]>;
  /** Branches that skip statements after an error: `if (site == 0) { … }`. */
  readonly afterError: Set<Stmt>;
}

/**
 * Position at which the next statement is written. It moves inward: the statements after a check go into a branch of
 * the check.
 */
export interface LoweringCursor {
  block: Block;
  /** True if a check or an error was written. */
  canFail: boolean;
  /** True if no statement after the cursor can be reached. */
  isDead: boolean;
  /** Keys of checks that certainly hold at the cursor. */
  readonly proven: Set<string>;
  readonly outer: LoweringCursor | undefined;
}

export function openCursor(block: Block, outer?: LoweringCursor): LoweringCursor {
  return { block, canFail: false, isDead: false, proven: new Set(), outer };
}

/** True if a check is known to hold at the cursor. `check` is its key. */
export function isProven(cursor: LoweringCursor, check: string): boolean {
  for (let one: LoweringCursor | undefined = cursor; one !== undefined; one = one.outer)
    if (one.proven.has(check)) return true;
  return false;
}

export function scalarOf({ scalars }: RegionScope, name: string): Expr {
  return must(scalars.get(name), `the scalar ${JSON.stringify(name)}`);
}

export function arrayOf({ arrays }: RegionScope, name: string): ArrayPlace {
  return must(arrays.get(name), `the array ${JSON.stringify(name)}`);
}

/** True if an expression has the same value everywhere, because it depends on nothing that may change. */
export function isSteady({ changing }: RegionScope, expr: Expr): boolean {
  let steady = true;
  walkExpr(expr, (x) => {
    if (x.kind === "load" || (x.kind === "local" && changing.has(x.name))) steady = false;
  });
  return steady;
}

/**
 * Moves the cursor into a branch, so that the statements written later run only if the condition holds: `if (condition)
 * { … } else { otherwise }`.
 */
export function enter(cursor: LoweringCursor, condition: Expr, otherwise: (block: Block) => void): Stmt {
  const [then, other] = [k.makeBlock(), k.makeBlock()];
  otherwise(other);
  const stmt: Stmt = { kind: "if", condition, then: then.statements, otherwise: other.statements };
  cursor.block.statements.push(stmt);
  cursor.block = then;
  return stmt;
}

/** Writes statements that record an error. */
export function writeFailure(
  { host: { failure } }: RegionScope,
  block: Block,
  site: ErrorSite,
  wanted?: Expr,
  length?: Expr,
): void {
  if (wanted !== undefined) block.set(failure.wanted, k.convert("f64", wanted));
  if (length !== undefined) block.set(failure.length, length);
  block.set(failure.site, k.i32(failure.add(site)));
}

/** Makes the statements written later run only if no error has been recorded. */
export function enterUnlessFailed(scope: RegionScope, cursor: LoweringCursor): void {
  const stmt = enter(cursor, k.eq(scope.host.failure.site, k.i32(0)), () => {});
  scope.afterError.add(stmt);
  cursor.canFail = true;
}
