import { must } from "../../util/assert-never.ts";
import type { Block } from "../../kernel/build.ts";
import * as k from "../../kernel/build.ts";
import type { FailureLocals } from "../../kernel/failure.ts";
import type { IntegerInterval } from "../../kernel/range.ts";
import type { Buffer, Expr, ScalarType, SizeExpr, Stmt } from "../../kernel/scalar.ts";
import { walkExpr } from "../../kernel/walk.ts";
import type { ScalarFunctions } from "../form/functions.ts";
import type { PositionIndex, RegionType, ThrownPart } from "../form/region.ts";

/** Where the elements of an array lie: from `offset` on in a buffer, in row-major order. */
export interface ArrayPlace {
  readonly type: ScalarType;
  readonly buffer: string;
  readonly offset: Expr;
  /** A length an axis, i32: constants, inputs, or locals that are never set. Of an array that grows there is none to ask for. */
  readonly dims: readonly Expr[];
  /** Of an array that grows. */
  readonly growth?: Growth;
}

/** What is known of an array that grows: elements from `end` on are not in memory yet, and 0. */
export interface Growth {
  /** How many elements there is room for. */
  readonly capacity: Expr;
  /** A local that is set. */
  readonly end: Expr;
}

/** Memory of an array that the body declares. */
export interface ArrayMemory {
  readonly buffer: string;
  /** Where it begins; a local that is set where arrays are exchanged. */
  readonly offset: Expr;
  /** How many elements there is room for, where the length is not known before the call. */
  readonly capacity: Expr | undefined;
}

/** What can end a call with an error, and where. */
export interface Site {
  /**
   * `capacity`: an array has outgrown its memory, and the call is to be repeated with more. `checks`: a check before a loop failed,
   * and the call is to be repeated with code that checks in the loop.
   */
  readonly kind: "place" | "length" | "throw" | "capacity" | "checks";
  readonly at: PositionIndex | undefined;
  readonly array?: string;
  readonly axis?: number;
  readonly message?: string;
  /** Of a `throw`: the values in its text, with the text after each. */
  readonly more?: readonly SiteValue[];
  /** Of a `throw`: name of the class of the error. */
  readonly error?: string | undefined;
}

/** A value in the text of an error. The value itself is an output of the routine, as f64. */
export interface SiteValue extends Pick<ThrownPart, "by" | "text"> {
  readonly type: RegionType;
}

/** What a region is written into: a routine of its own, or a part of one. */
export interface Host {
  readonly block: Block;
  readonly failure: FailureLocals<Site>;
  fresh(hint: string): string;
  /** Scalar parameters as constants or locals that are never set; array parameters. */
  readonly scalars: ReadonlyMap<string, Expr>;
  readonly arrays: ReadonlyMap<string, ArrayPlace>;
  memoryOf(array: string): ArrayMemory;
  /** Buffers that are made while the region is written. */
  readonly scratch?: {
    add(buffer: Buffer, use: ScratchUse): void;
    /** Whether all of them must be of sizes that are numbers. */
    readonly isFixed?: boolean;
    /** Whether products may have arrays of their own there. Default true. */
    readonly holdsProducts?: boolean;
    /** Room in the buffer of an array that lies there alone, from the beginning on, in elements. */
    sizeOf(buffer: string): SizeExpr | undefined;
    /** Asked once all buffers are requested. If false, the loops are rewritten without scratch. Default true. */
    isGranted?(): boolean;
  };
}

/** What a buffer is for that is made while a region is written. */
export type ScratchUse = "strips" | "products";

/** A check, such as that a place is in range: `if (inRange) { all that comes after } else { note the error }`. */
export interface Guard {
  /** What else must hold. */
  readonly condition?: Expr;
  /** Places, exact: int32, or float64 that must be whole numbers. */
  readonly checks: readonly Check[];
}

export interface Check {
  readonly place: Expr;
  /** int32; not negative. */
  readonly length: Expr;
}

/** An index that a loop declares in its body, from `from` to below `to`. */
export interface LoopIndex {
  readonly index: string;
  readonly from: Expr;
  readonly to: Expr;
}

/** What is known while a region is written. */
export interface Scope {
  readonly host: Host;
  readonly functions: ScalarFunctions;
  /** Locals of the region that some `set` names. */
  readonly settable: ReadonlySet<string>;
  /** What scalars and arrays of the region are in the routine. */
  readonly scalars: Map<string, Expr>;
  readonly arrays: Map<string, ArrayPlace>;
  /** Of locals of the routine that are never set: integers where they lie, those that may wrap as exact float64. */
  readonly ranges: Map<string, IntegerInterval>;
  readonly exact: Map<string, Expr>;
  /** Locals of the routine that are set. */
  readonly changing: Set<string>;
  readonly guards: Map<Stmt, Guard>;
  /** Loops that are not counted by the index that the region knows, with that index and its ends. */
  readonly indices: Map<Stmt, LoopIndex>;
  /** Loops that make all elements of an array 0. */
  readonly clears: Map<Stmt, ArrayPlace>;
  /** The places that stores go to, an axis each. */
  readonly stores: Map<Stmt, readonly Expr[]>;
  /** Branches that leave out what comes after an error: `if (site == 0) { … }`. */
  readonly afterError: Set<Stmt>;
}

/** Where the next statement goes. It moves inwards: what comes after a check stands in its branch. */
export interface Cursor {
  block: Block;
  /** Whether a check or an error was written. */
  canFail: boolean;
  /** Whether nothing after this is reached. */
  isDead: boolean;
  /** Checks that hold here, as text. */
  readonly proven: Set<string>;
  readonly outer: Cursor | undefined;
}

export function openCursor(block: Block, outer?: Cursor): Cursor {
  return { block, canFail: false, isDead: false, proven: new Set(), outer };
}

/** Whether a check holds where the cursor is. */
export function isProven(cursor: Cursor, check: string): boolean {
  for (let one: Cursor | undefined = cursor; one !== undefined; one = one.outer)
    if (one.proven.has(check)) return true;
  return false;
}

export function scalarOf({ scalars }: Scope, name: string): Expr {
  return must(scalars.get(name), `the scalar ${JSON.stringify(name)}`);
}

export function arrayOf({ arrays }: Scope, name: string): ArrayPlace {
  return must(arrays.get(name), `the array ${JSON.stringify(name)}`);
}

/** Whether an expression says the same wherever it stands: it reads nothing that changes. */
export function isSteady({ changing }: Scope, expr: Expr): boolean {
  let steady = true;
  walkExpr(expr, (x) => {
    if (x.kind === "load" || (x.kind === "local" && changing.has(x.name))) steady = false;
  });
  return steady;
}

/** Has what comes after stand in a branch: `if (condition) { what comes after } else { otherwise }`. */
export function enter(cursor: Cursor, condition: Expr, otherwise: (block: Block) => void): Stmt {
  const [then, other] = [k.makeBlock(), k.makeBlock()];
  otherwise(other);
  const stmt: Stmt = { kind: "if", condition, then: then.statements, otherwise: other.statements };
  cursor.block.statements.push(stmt);
  cursor.block = then;
  return stmt;
}

/** Notes an error. */
export function writeFailure(
  { host: { failure } }: Scope,
  block: Block,
  site: Site,
  wanted?: Expr,
  length?: Expr,
): void {
  if (wanted !== undefined) block.set(failure.wanted, k.convert("f64", wanted));
  if (length !== undefined) block.set(failure.length, length);
  block.set(failure.site, k.i32(failure.add(site)));
}

/** Leaves out what comes after where an error was noted. */
export function enterUnlessFailed(scope: Scope, cursor: Cursor): void {
  const stmt = enter(cursor, k.eq(scope.host.failure.site, k.i32(0)), () => {});
  scope.afterError.add(stmt);
  cursor.canFail = true;
}
