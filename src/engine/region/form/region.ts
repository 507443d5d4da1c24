// Structured loops over mutable locals and arrays: what ordinary code becomes before it is differentiated. Everything here is
// plain data, so that a region can be written down as JSON, hashed and read back.

/** Types of a region's scalars and of the elements of its arrays. */
export type RegionType = "f64" | "f32" | "i32" | "bool";

/**
 * The most elements along an axis of an array, and the largest magnitude of an i32 parameter: a call with others is refused. So
 * neither the place beside one (`i + 1`) nor the sum of two lengths leaves the int32 numbers; products may.
 */
export const maxLength: number = 2 ** 30;

/** A place in the text that a region was made from: its number in `positions`. */
export type PositionIndex = number;

/**
 * An expression. It has no effect but that a `load` may be out of range, which ends the call with an error. Names of locals,
 * loop indices, parameters and arrays are unique in a region.
 */
export type RegionExpr =
  | { readonly kind: "const"; readonly type: RegionType; readonly value: number } // a bool is 0 or 1
  | { readonly kind: "local"; readonly type: RegionType; readonly name: string } // a scalar parameter, a local, or the index of a loop
  | RegionLoad
  | { readonly kind: "length"; readonly type: "i32"; readonly array: string; readonly axis: number }
  | {
      /** A function of scalars by its name in the table of `ScalarFunctions`: `add`, `sin`, `less`, … */
      readonly kind: "apply";
      readonly type: RegionType;
      readonly function: string;
      readonly args: readonly RegionExpr[];
    }
  | { readonly kind: "convert"; readonly type: RegionType; readonly x: RegionExpr } // float to integer truncates and saturates, NaN gives 0
  | {
      /** Evaluates the condition and then the chosen side only. */
      readonly kind: "select";
      readonly type: RegionType;
      readonly condition: RegionExpr;
      readonly x: RegionExpr;
      readonly y: RegionExpr;
    };

/** An element of an array: a place along each axis. */
export interface RegionLoad {
  readonly kind: "load";
  readonly type: RegionType;
  readonly array: string;
  readonly places: readonly RegionExpr[]; // i32, or f64 where the range is not proven: then a place that is no integer is out of range
  /** Where the read stands in the text, for the error if a place is out of range; absent where all places are proven to be in range. */
  readonly at?: PositionIndex | undefined;
}

/** Statements that run in order, in one scope. */
export type RegionBlock = readonly RegionStmt[];
export type RegionLet = Extract<RegionStmt, { readonly kind: "let" }>;
export type RegionStore = Extract<RegionStmt, { readonly kind: "store" }>;
export type RegionLoop = Extract<RegionStmt, { readonly kind: "for" | "while" }>;

/** A statement. */
export type RegionStmt =
  | {
      /** Declares a local of this block. It is immutable unless a `set` names it. */
      readonly kind: "let";
      readonly name: string;
      readonly value: RegionExpr;
      readonly at?: PositionIndex | undefined;
    }
  | {
      /** Gives another value, of the same type, to a local of this block or of one around it. */
      readonly kind: "set";
      readonly name: string;
      readonly value: RegionExpr;
      readonly at?: PositionIndex | undefined;
    }
  | ArrayDeclaration
  | {
      readonly kind: "store";
      readonly array: string;
      readonly places: readonly RegionExpr[]; // as those of a `load`
      readonly value: RegionExpr;
      readonly at?: PositionIndex | undefined;
    }
  | {
      /** Exchanges all elements of two arrays that were declared with the same type and lengths. */
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
  | Throw;

/** Ends the call with an error. Its text is `message`, then each of `more`: a value as JavaScript writes it, and the text after it. */
export interface Throw {
  readonly kind: "throw";
  readonly message: string;
  readonly more?: readonly ThrownPart[] | undefined;
  /** Name of the class of the error. Default `Error`. */
  readonly error?: string | undefined;
  readonly at?: PositionIndex | undefined;
}

/** A value in the text of an error, and the text after it. */
export interface ThrownPart {
  readonly value: RegionExpr;
  /** How the value is written: by `String`, or by a method of numbers with a constant argument. */
  readonly by?: ThrownFormat | undefined;
  readonly text: string;
}

export type ThrownFormat = readonly [method: "toFixed" | "toPrecision" | "toExponential", digits?: number];

/** Declares an array of this block; all its elements are 0, anew each time that the declaration runs. */
export interface ArrayDeclaration {
  readonly kind: "array";
  readonly name: string;
  readonly type: RegionType;
  /** A length an axis, i32. Negative ones end the call with an error. */
  readonly dims: readonly RegionExpr[];
  /**
   * A tape of unknown length: one axis, whose length in `dims` is only the first guess. A `store` beyond its end makes it
   * longer; what was never stored is 0, beyond the end too. Places are not negative.
   */
  readonly growable?: true;
  /** Of a tape: the value of the way forward that it holds for the way back, and where that is computed. */
  readonly records?: { readonly name: string; readonly at?: PositionIndex | undefined } | undefined;
  readonly at?: PositionIndex | undefined;
}

/**
 * A counted loop: index = from, from + step, … as long as it is below `to` (above it, for a negative step). Bounds are i32 and
 * evaluated once, before the first iteration; `step` is not 0; the index cannot be set.
 */
export interface RegionFor {
  readonly kind: "for";
  readonly index: string;
  readonly from: RegionExpr;
  readonly to: RegionExpr;
  readonly step: number;
  /** The same iterations, the last one first. */
  readonly reverse?: true;
  /** Evaluated before each iteration: where it is false, the loop ends. Not together with `reverse`. */
  readonly live?: RegionExpr;
  readonly body: readonly RegionStmt[];
  readonly at?: PositionIndex | undefined;
}

/** A parameter: a scalar, or an array that is only read. */
export type RegionParam =
  | { readonly kind: "scalar"; readonly name: string; readonly type: RegionType }
  | {
      readonly kind: "array";
      readonly name: string;
      readonly type: RegionType;
      readonly rank: number;
      /** Its length along each axis, i32, where that follows from other parameters: tangents are as long as what they are tangents of. */
      readonly lengths?: readonly RegionExpr[] | undefined;
    };

/** A result: a scalar, or an array that the body declares at its outermost level (not a parameter, and each at most once). */
export type RegionResult =
  { readonly kind: "scalar"; readonly value: RegionExpr } | { readonly kind: "array"; readonly name: string };

/** A place in the text: line and column count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
  /** What stands there, for messages: `xs[i + 1]`. */
  readonly text: string;
}

/** A function from scalars and arrays to scalars and arrays. It writes to nothing but its own locals and arrays. */
export interface Region {
  readonly name: string;
  readonly params: readonly RegionParam[];
  readonly body: readonly RegionStmt[];
  readonly results: readonly RegionResult[];
  /** Has its derivatives in reverse mode take long loops in segments (`TransposeOptions.checkpoint`). */
  readonly checkpoint?: true | number | undefined;
  /** The file that positions are in, as messages show it. */
  readonly file?: string | undefined;
  readonly positions: readonly Position[];
}
