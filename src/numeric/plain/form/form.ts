import type { RegionRecord } from "../../../engine/region/index.ts";
import type { Region } from "../../../engine/region/form/region.ts";

/**
 * Structure of an argument or result of a plain function. Its leaves correspond to parameters or results of a region,
 * in depth-first order.
 */
export type PlainType =
  /**
   * A number. `integer` if it is only used for sizes, bounds and indices: it has no derivative, and must be an integer.
   * With `cases`, the value is one of these strings, and the region has its code.
   */
  | { readonly kind: "number"; readonly integer?: true; readonly cases?: readonly TextCase[] }
  | { readonly kind: "boolean" }
  /** `number[]`, or a typed array: `of` is the kind that the text declares, or `"any"` if both are allowed. */
  | { readonly kind: "array"; readonly of: ArrayKind; readonly integer?: true }
  /** A rectangular `number[][]`: rows of equal length. */
  | { readonly kind: "matrix"; readonly integer?: true }
  /** An array of records or tuples. The region has one array for each leaf of the item, with an additional axis. */
  | { readonly kind: "list"; readonly item: PlainType }
  | {
      readonly kind: "record";
      readonly fields: readonly { readonly name: string; readonly type: PlainType }[];
    }
  | { readonly kind: "tuple"; readonly items: readonly PlainType[] }
  /**
   * A parameter or field that may be absent (`undefined`): a boolean that is true if the value is present, then the
   * leaves of the value. The leaves of an absent value are NaN or 0, its arrays are empty. Never directly inside
   * another optional type.
   */
  | { readonly kind: "optional"; readonly type: PlainType };

/** A string of a union of literals, and the number that stands for it in a region. */
export interface TextCase {
  readonly text: string;
  readonly code: number;
}

export type ArrayKind = "number[]" | "Float64Array" | "Float32Array" | "Int32Array" | "any";

/**
 * A marked function in the form in which a build step embeds it: plain data, about 1 KB per function. `captured` lists
 * values from outside of the function. They are hidden parameters after the others, and a function reads them at each
 * call.
 */
export interface PlainForm {
  readonly version: 1;
  readonly region: Region;
  readonly params: readonly { readonly name: string; readonly type: PlainType }[];
  readonly captured: readonly { readonly name: string; readonly type: PlainType }[];
  readonly result: PlainType;
  /**
   * Names of the error classes that the program defines and the function throws. The function that reads captured
   * values returns these classes after the values of `captured`.
   */
  readonly errors?: readonly string[] | undefined;
  /** Code that was compiled for regions of the form when the program was built. */
  readonly records?: readonly RegionRecord[] | undefined;
}
