import type { BinaryOp, ScalarType, UnaryOp } from "./operations.ts";

export type { BinaryOp, ScalarType, UnaryOp } from "./operations.ts";

/** Constant table that expressions may read: coefficients, digits of 2/π, … */
export interface ConstantTable {
  readonly name: string;
  readonly type: ScalarType;
  readonly values: readonly number[];
}

/** A scalar expression. Every backend implements all of its kinds, and there are no others. */
export type Expr =
  | { readonly kind: "const"; readonly type: ScalarType; readonly value: number }
  | { readonly kind: "local"; readonly type: ScalarType; readonly name: string }
  | { readonly kind: "load"; readonly type: ScalarType; readonly buffer: string; readonly index: Expr }
  | { readonly kind: "table"; readonly type: ScalarType; readonly table: ConstantTable; readonly index: Expr }
  | { readonly kind: "unary"; readonly type: ScalarType; readonly op: UnaryOp; readonly x: Expr }
  | {
      readonly kind: "binary";
      readonly type: ScalarType;
      readonly op: BinaryOp;
      readonly x: Expr;
      readonly y: Expr;
    }
  | {
      readonly kind: "select"; // only the selected side must be evaluated
      readonly type: ScalarType;
      readonly condition: Expr;
      readonly x: Expr;
      readonly y: Expr;
    }
  | { readonly kind: "convert"; readonly type: ScalarType; readonly x: Expr } // float to integer saturates, NaN becomes 0
  | {
      readonly kind: "mulAdd"; // x · y + z of floats, rounded twice; a backend may round once if last bits do not matter
      readonly type: ScalarType;
      readonly x: Expr;
      readonly y: Expr;
      readonly z: Expr;
    }
  | {
      readonly kind: "call";
      readonly type: ScalarType;
      readonly procedure: Procedure;
      readonly args: readonly Expr[];
    };

export type BinaryExpr = Expr & { readonly kind: "binary" };

/**
 * Number of elements or bytes: a number, or an int32 expression over the routine's scalar inputs and constants (`add`,
 * `sub`, `mul`, `div`, `min`, `max`, shifts), which each call computes. Such inputs are never set. A call throws if a
 * size is negative or exceeds int32. Sizes of a contraction are evaluated at the statement and may use any local; a
 * negative one counts as 0.
 */
export type SizeExpr = number | Expr;

/** Statement of a routine or procedure. */
export type Stmt =
  | { readonly kind: "let"; readonly name: string; readonly value: Expr } // declares a local of this block; `set` may change it
  | { readonly kind: "set"; readonly name: string; readonly value: Expr }
  | { readonly kind: "store"; readonly buffer: string; readonly index: Expr; readonly value: Expr }
  | {
      readonly kind: "for"; // index = from, from + 1, … to − 1; in reverse from to − 1 down
      readonly index: string;
      readonly from: Expr;
      readonly to: Expr;
      readonly reverse: boolean;
      /**
       * `true`: iterations may run in any order or in parallel. No iteration reads what another one writes, and none
       * sets an outer local, so the loop may be vectorised and shared among threads. `false`: known to be dependent;
       * skip the analysis.
       */
      readonly independent?: boolean;
      /**
       * True if the loop is a strip of a longer loop, with one iteration per lane. The iterations are independent and
       * should run together.
       */
      readonly strip?: true;
      readonly body: readonly Stmt[];
    }
  | Reduce
  | Contract
  | { readonly kind: "while"; readonly condition: Expr; readonly body: readonly Stmt[] }
  | {
      readonly kind: "if";
      /**
       * True if the branch is rarely taken. Vectorised code may leave it out and recompute the elements that take it.
       */
      readonly rare?: boolean;
      /**
       * True if `then` computes the same bits as `otherwise`, but faster, whenever the condition holds. Vectorised code
       * may run `otherwise` for all elements.
       */
      readonly shortcut?: boolean;
      readonly condition: Expr;
      readonly then: readonly Stmt[];
      readonly otherwise: readonly Stmt[];
    }
  | { readonly kind: "comment"; readonly text: string };

export type ForStmt = Stmt & { readonly kind: "for" };
export type WhileStmt = Stmt & { readonly kind: "while" };
export type LetStmt = Stmt & { readonly kind: "let" };
export type StoreStmt = Stmt & { readonly kind: "store" };

/** Number of lanes of a `reduce`. Each lane has its own accumulator, which fixes the order of the sum. */
export const reduceLanes = 8;

/**
 * Number of products that a `contract` adds up before it adds their sum to the total, which keeps the rounding error of
 * long sums small.
 */
export const contractBlock = 256;

/** Operation by which `reduce` combines two values. */
export type ReduceOp = "add" | "mul" | "min" | "max" | "and" | "or";

/**
 * Declares the local `name` as the fold of `value` over index = from … to − 1. Value number i goes to lane i mod 8.
 * Each lane starts at `start`, the constant identity of the operation. Finally lane j combines with lane j + 4, then j
 * + 2, then j + 1. `body` declares the locals that `value` needs, and may store like an independent loop.
 */
export interface Reduce {
  readonly kind: "reduce";
  readonly name: string;
  readonly op: ReduceOp;
  readonly start: Expr;
  readonly index: string;
  readonly from: Expr;
  readonly to: Expr;
  readonly body: readonly Stmt[];
  readonly value: Expr;
}

/** Position of the first element of a contraction's operand: a buffer and an offset. */
export interface BufferPointer {
  readonly buffer: string;
  readonly offset: Expr;
}

/**
 * Index of a contraction: its size, and its stride in each operand, in elements (0 if the operand does not have the
 * index). Rows occur in `left` and `out`, columns in `right` and `out`, sums in `left` and `right`, batches in all
 * three.
 */
export interface Dim<S extends SizeExpr = SizeExpr> {
  readonly role: "batch" | "row" | "column" | "sum";
  readonly size: S;
  readonly out: S;
  readonly left: S;
  readonly right: S;
}

/**
 * out = Σ left · right, or with `accumulate` out += Σ left · right: matrix products, and with more indices batched
 * products, products of transposed operands, and convolutions (`left` or `right` may read an element many times). Dims
 * of equal role are listed outermost first. The products of each element of `out` are added in the order of the sums,
 * by `mulAdd`, in blocks of 256; with `accumulate` the total starts at the old element. `out` shares no memory with the
 * operands.
 */
export interface Contract<S extends SizeExpr = SizeExpr> {
  readonly kind: "contract";
  /** Name of the statement and prefix of its locals; unique among locals. */
  readonly name: string;
  readonly type: ScalarType;
  readonly out: BufferPointer;
  readonly left: BufferPointer;
  readonly right: BufferPointer;
  readonly dims: readonly Dim<S>[];
  readonly accumulate: boolean;
}

/** Named scalar function, written once over the vocabulary. The transcendental functions are procedures. */
export interface Procedure {
  readonly name: string;
  readonly params: readonly { readonly name: string; readonly type: ScalarType }[];
  readonly body: readonly Stmt[];
  readonly result: Expr;
}

/** Buffer of a routine; `size` in elements. */
export interface Buffer<S extends SizeExpr = SizeExpr> {
  readonly name: string;
  readonly type: ScalarType;
  readonly size: S;
}

/**
 * Scratch buffer of a routine, `offset` bytes (a multiple of 32) from the start of the routine's arena. Several may
 * share bytes if none is read after another one was written.
 */
export interface Temp extends Buffer {
  readonly offset: SizeExpr;
}

/** Argument or result of a routine: a scalar in a register or a buffer in memory. */
export type Port =
  | { readonly kind: "scalar"; readonly name: string; readonly type: ScalarType }
  | { readonly kind: "buffer"; readonly buffer: Buffer };

/** Compilation unit of a backend: inputs, outputs, scratch buffers and statements. */
export interface Routine {
  readonly name: string;
  readonly inputs: readonly Port[];
  readonly outputs: readonly (
    { readonly kind: "scalar"; readonly value: Expr } | { readonly kind: "buffer"; readonly buffer: Buffer }
  )[];
  readonly temps: readonly Temp[];
  /** Bytes of the arena of the temporaries. Its contents do not survive a call. */
  readonly arenaBytes: SizeExpr;
  readonly body: readonly Stmt[];
}

export function isFloat(type: ScalarType): boolean {
  return type === "f64" || type === "f32";
}
