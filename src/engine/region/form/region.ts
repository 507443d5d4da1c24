// Structured loops over mutable locals and arrays: the form of ordinary code when it is differentiated. A region is plain data, so it can
// be stored as JSON and hashed.

/** Types of scalars and of array elements. */
export type RegionType = "f64" | "f32" | "i32" | "bool";

/**
 * Maximum length of an array axis, and maximum magnitude of an i32 parameter; larger ones are refused. So neither the
 * next index (`i + 1`) nor the sum of two lengths overflows int32; products may.
 */
export const maxLength: number = 2 ** 30;

/** Index of a source position in `Region.positions`. */
export type PositionIndex = number;

/**
 * An expression. It has no effect, except that a `load` out of range ends the call with an error. Names of locals, loop
 * indices, parameters and arrays are unique in a region.
 */
export type RegionExpr =
  | { readonly kind: "const"; readonly type: RegionType; readonly value: number } // a bool is 0 or 1
  | { readonly kind: "local"; readonly type: RegionType; readonly name: string } // a scalar parameter, a local, or a loop index
  | RegionLoad
  | { readonly kind: "length"; readonly type: "i32"; readonly array: string; readonly axis: number }
  | {
      /** Applies a scalar function by its name in `ScalarFunctions`: `add`, `sin`, `less`, … */
      readonly kind: "apply";
      readonly type: RegionType;
      readonly function: string;
      readonly args: readonly RegionExpr[];
    }
  | { readonly kind: "convert"; readonly type: RegionType; readonly x: RegionExpr } // float to integer truncates and saturates; NaN becomes 0
  | {
      /** Evaluates the condition, then only the chosen side. */
      readonly kind: "select";
      readonly type: RegionType;
      readonly condition: RegionExpr;
      readonly x: RegionExpr;
      readonly y: RegionExpr;
    };

/** A read of an array element. */
export interface RegionLoad {
  readonly kind: "load";
  readonly type: RegionType;
  readonly array: string;
  readonly places: readonly RegionExpr[]; // one index per axis: i32, or f64 if its range is not proven; then a non-integer index is out of range
  /** Position for the error if an index is out of range; `undefined` if all indices are proven to be in range. */
  readonly at?: PositionIndex | undefined;
}

/** Statements that run in order and share a scope. */
export type RegionBlock = readonly RegionStmt[];
export type RegionLet = Extract<RegionStmt, { readonly kind: "let" }>;
export type RegionStore = Extract<RegionStmt, { readonly kind: "store" }>;
export type RegionLoop = Extract<RegionStmt, { readonly kind: "for" | "while" }>;

/** A statement of a region. */
export type RegionStmt =
  | {
      /** Declares a local of this block. It is immutable unless a `set` names it. */
      readonly kind: "let";
      readonly name: string;
      readonly value: RegionExpr;
      readonly at?: PositionIndex | undefined;
    }
  | {
      /** Assigns a value of the same type to a local of this block or of a block around it. */
      readonly kind: "set";
      readonly name: string;
      readonly value: RegionExpr;
      readonly at?: PositionIndex | undefined;
    }
  | ArrayDeclaration
  | {
      readonly kind: "store";
      readonly array: string;
      readonly places: readonly RegionExpr[]; // as in a `load`
      readonly value: RegionExpr;
      readonly at?: PositionIndex | undefined;
    }
  | {
      /** Exchanges the elements of two arrays of equal type and lengths. */
      readonly kind: "swap";
      readonly x: string;
      readonly y: string;
      readonly at?: PositionIndex | undefined;
    }
  | RegionFor
  | {
      /** Repeats `body` as long as the condition holds. */
      readonly kind: "while";
      readonly condition: RegionExpr;
      readonly body: readonly RegionStmt[];
      readonly at?: PositionIndex | undefined;
    }
  | {
      readonly kind: "if";
      readonly condition: RegionExpr;
      readonly then: readonly RegionStmt[];
      readonly otherwise: readonly RegionStmt[];
      readonly at?: PositionIndex | undefined;
    }
  | RegionThrow;

/** Ends the call with an error. Its message is `message`, followed by the parts of `more`. */
export interface RegionThrow {
  readonly kind: "throw";
  readonly message: string;
  readonly more?: readonly ThrownPart[] | undefined;
  /** Name of the class of the error. Default `Error`. */
  readonly error?: string | undefined;
  readonly at?: PositionIndex | undefined;
}

/** A value in an error message, formatted as JavaScript formats it, and the text after it. */
export interface ThrownPart {
  readonly value: RegionExpr;
  /**
   * Formatting method of numbers, such as `toFixed`, with its constant argument. Default: the value is formatted by
   * `String`.
   */
  readonly by?: ThrownFormat | undefined;
  readonly text: string;
}

export type ThrownFormat = readonly [method: "toFixed" | "toPrecision" | "toExponential", digits?: number];

/** Declares an array of this block. Each time the declaration runs, all elements are set to 0. */
export interface ArrayDeclaration {
  readonly kind: "array";
  readonly name: string;
  readonly type: RegionType;
  /** Length of each axis, i32. Negative lengths end the call with an error. */
  readonly dims: readonly RegionExpr[];
  /**
   * True for a tape of unknown length: one axis with the initial capacity in `dims`. A `store` beyond the end extends
   * it. Elements that were never stored are 0, also beyond the end. Indices are not negative.
   */
  readonly growable?: true;
  /** Present for tapes: name and position of the forward value that the tape saves. */
  readonly records?: { readonly name: string; readonly at?: PositionIndex | undefined } | undefined;
  readonly at?: PositionIndex | undefined;
}

/**
 * A counted loop: index = from, from + step, … while it is below `to` (above it for a negative step). Bounds are i32
 * and evaluated once, before the first iteration. `step` is not 0. The index cannot be set.
 */
export interface RegionFor {
  readonly kind: "for";
  readonly index: string;
  readonly from: RegionExpr;
  readonly to: RegionExpr;
  readonly step: number;
  /** True to run the same iterations in reverse order. */
  readonly reverse?: true;
  /** Condition that is evaluated before each iteration. If it is false, the loop ends. Not together with `reverse`. */
  readonly live?: RegionExpr;
  readonly body: readonly RegionStmt[];
  readonly at?: PositionIndex | undefined;
}

/** A parameter: a scalar, or a read-only array. */
export type RegionParam =
  | { readonly kind: "scalar"; readonly name: string; readonly type: RegionType }
  | {
      readonly kind: "array";
      readonly name: string;
      readonly type: RegionType;
      readonly rank: number;
      /**
       * Length of each axis, i32, if other parameters determine it, as for a tangent, which has the lengths of its
       * primal array.
       */
      readonly lengths?: readonly RegionExpr[] | undefined;
    };

/** A result: a scalar, or an array that the body declares in its outermost block. Each array may be returned once. */
export type RegionResult =
  { readonly kind: "scalar"; readonly value: RegionExpr } | { readonly kind: "array"; readonly name: string };

/** A source position. Line and column count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
  /** Source text at the position, for messages: `xs[i + 1]`. */
  readonly text: string;
}

/** A function from scalars and arrays to scalars and arrays. It writes only to its own locals and arrays. */
export interface Region {
  readonly name: string;
  readonly params: readonly RegionParam[];
  readonly body: readonly RegionStmt[];
  readonly results: readonly RegionResult[];
  /** True, or a number of snapshots, to checkpoint long loops in reverse mode (see `TransposeOptions.checkpoint`). */
  readonly checkpoint?: true | number | undefined;
  /** Source file of the positions, as messages show it. */
  readonly file?: string | undefined;
  readonly positions: readonly Position[];
}
