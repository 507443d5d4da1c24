import type { BinaryOp, ScalarType, UnaryOp } from "./operations.ts";

export type { BinaryOp, ScalarType, UnaryOp } from "./operations.ts";

/** A constant table that expressions may read: coefficients, digits of 2/π, … */
export interface ConstantTable {
  readonly name: string;
  readonly type: ScalarType;
  readonly values: readonly number[];
}

/** An expression over scalars: the closed vocabulary that every backend knows in full. */
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
      readonly kind: "select"; // only the chosen side is required to be evaluated
      readonly type: ScalarType;
      readonly condition: Expr;
      readonly x: Expr;
      readonly y: Expr;
    }
  | { readonly kind: "convert"; readonly type: ScalarType; readonly x: Expr } // float to integer saturates, NaN gives 0
  | {
      readonly kind: "mulAdd"; // x · y + z of floats, rounded twice; told that last bits do not matter, a backend may round once
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
 * A number of elements or bytes: known when the routine is made, or an int32 expression over its scalar inputs and constants
 * (`add`, `sub`, `mul`, `div`, `min`, `max`, shifts), which each call computes. Such inputs are never set. A call whose size
 * leaves the int32 numbers, or is negative, throws. Those of a contraction are evaluated where it stands, of any locals there, and a
 * negative one is 0.
 */
export type SizeExpr = number | Expr;

/** A statement of a loop nest. */
export type Stmt =
  | { readonly kind: "let"; readonly name: string; readonly value: Expr } // declares a local of this block; `set` may change it
  | { readonly kind: "set"; readonly name: string; readonly value: Expr }
  | { readonly kind: "store"; readonly buffer: string; readonly index: Expr; readonly value: Expr }
  | {
      readonly kind: "for"; // index = from, from + 1, … to − 1; downwards from to − 1 if `reverse`
      readonly index: string;
      readonly from: Expr;
      readonly to: Expr;
      readonly reverse: boolean;
      /**
       * Iterations may run in any order or at once: none reads what another writes, and none sets a local from outside.
       * Such loops may be vectorised and shared among threads. `false` where nobody is to look whether that is so.
       */
      readonly independent?: boolean;
      /** The iterations are a strip of a longer loop, independent, and there are as many as lanes: they are best done at once. */
      readonly strip?: true;
      readonly body: readonly Stmt[];
    }
  | Reduce
  | Contract
  | { readonly kind: "while"; readonly condition: Expr; readonly body: readonly Stmt[] }
  | {
      readonly kind: "if";
      /** Few will ever take it: code for many elements at once may leave it out and compute them anew where one does. */
      readonly rare?: boolean;
      /**
       * `then` does what `otherwise` does, to the bit, where the condition holds, and sooner: code for many elements at once
       * may take `otherwise` for all.
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

/** Elements that a `reduce` folds at once, each into an accumulator of its own. */
export const reduceLanes = 8;

/** Products that a `contract` adds up before it adds their sum to the total: keeps the rounding error of long sums small. */
export const contractBlock = 256;

/** How `reduce` combines two values. */
export type ReduceOp = "add" | "mul" | "min" | "max" | "and" | "or";

/**
 * Declares the local `name`: the fold of `value` over index = from … to − 1. Value number i goes to lane i mod 8; every
 * lane begins at `start`, a constant that the operation leaves other values unchanged by; in the end lane j takes in lane
 * j + 4, then j + 2, then j + 1. `body` declares what `value` needs, and may store as an independent loop may.
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

/** Where an operand of a contraction begins. */
export interface BufferPointer {
  readonly buffer: string;
  readonly offset: Expr;
}

/**
 * One index of a contraction: its size, and how many elements a step of it is in each operand (0 where the operand does
 * not depend on it). Rows belong to `left` and `out`, columns to `right` and `out`, sums to `left` and `right`, a batch to
 * all three.
 */
export interface Dim<S extends SizeExpr = SizeExpr> {
  readonly role: "batch" | "row" | "column" | "sum";
  readonly size: S;
  readonly out: S;
  readonly left: S;
  readonly right: S;
}

/**
 * out = Σ left · right, or out += Σ left · right where `accumulate`: the product of matrices, and with more indices those
 * of batches, of transposed operands, and convolutions (`left` or `right` may read an element many times).
 *
 * Several dims of one role are listed outermost first. The products of each element of `out` are added in the order of
 * the sums, by `mulAdd`, in blocks of 256; what is there already is added to first. `out` shares no memory with the operands.
 */
export interface Contract<S extends SizeExpr = SizeExpr> {
  readonly kind: "contract";
  /** Names the statement and what it is made of; unique among locals. */
  readonly name: string;
  readonly type: ScalarType;
  readonly out: BufferPointer;
  readonly left: BufferPointer;
  readonly right: BufferPointer;
  readonly dims: readonly Dim<S>[];
  readonly accumulate: boolean;
}

/** A named scalar function, written once over the vocabulary: the transcendentals are these. */
export interface Procedure {
  readonly name: string;
  readonly params: readonly { readonly name: string; readonly type: ScalarType }[];
  readonly body: readonly Stmt[];
  readonly result: Expr;
}

/** What a buffer of a routine holds; `size` in elements. */
export interface Buffer<S extends SizeExpr = SizeExpr> {
  readonly name: string;
  readonly type: ScalarType;
  readonly size: S;
}

/**
 * Scratch of a routine: a buffer that lies `offset` bytes, a multiple of 32, from the beginning of the routine's arena. Several may
 * lie in the same bytes, where none is read after another was written.
 */
export interface Temp extends Buffer {
  readonly offset: SizeExpr;
}

/** An argument or result of a routine: a scalar in a register or a buffer in memory. */
export type Port =
  | { readonly kind: "scalar"; readonly name: string; readonly type: ScalarType }
  | { readonly kind: "buffer"; readonly buffer: Buffer };

/** A compiled unit before it meets a backend: inputs, outputs, scratch buffers and the statements between them. */
export interface Routine {
  readonly name: string;
  readonly inputs: readonly Port[];
  readonly outputs: readonly (
    { readonly kind: "scalar"; readonly value: Expr } | { readonly kind: "buffer"; readonly buffer: Buffer }
  )[];
  readonly temps: readonly Temp[];
  /** Bytes of the arena that the temporaries lie in. What a call leaves there the next one does not find. */
  readonly arenaBytes: SizeExpr;
  readonly body: readonly Stmt[];
}

export function isFloat(type: ScalarType): boolean {
  return type === "f64" || type === "f32";
}
