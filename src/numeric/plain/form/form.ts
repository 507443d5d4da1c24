import type { RegionRecord } from "../../../engine/region/index.ts";
import type { Region } from "../../../engine/region/form/region.ts";

/**
 * Structure of an argument or result of a plain function. Its leaves correspond to parameters or results of a region,
 * in depth-first order.
 */
export type PlainType =
  /**
   * A number. `integer` marks one that is only used for sizes, bounds and indices: it must be an integer and has no
   * derivative. With `cases`, the value is one of these strings, and the region receives its code.
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
   * A parameter or field that may be absent: a boolean that is true if the value is present, then the leaves of the
   * value. The leaves of an absent value are NaN or 0, its arrays are empty. Never directly inside another optional
   * type. `absence` is the JavaScript value of an absent one; without it, `undefined`. `isMember` marks a field that
   * only some members of a union of objects have.
   */
  | {
      readonly kind: "optional";
      readonly type: PlainType;
      readonly absence?: NullAbsence;
      readonly isMember?: true;
    };

/** Value of what is absent, if it may be `null`: always `null`, or one of `null` and `undefined`. */
export type NullAbsence = "null" | "either";

/** A string of a union of literals, and the number that stands for it in a region. */
export interface TextCase {
  readonly text: string;
  readonly code: number;
}

export type ArrayKind = "number[]" | "Float64Array" | "Float32Array" | "Int32Array" | "Uint8Array" | "any";

/** True for arrays of integers, which are data without a derivative. */
export function isIntegerArray(of: ArrayKind): boolean {
  return of === "Int32Array" || of === "Uint8Array";
}

/**
 * A marked function as plain data of about 1 KB, which a build tool embeds in a program. `captured` lists values from
 * outside of the function. They are hidden parameters after the declared ones, and are read at each call.
 */
export interface PlainForm {
  readonly version: 1;
  readonly region: Region;
  readonly params: readonly { readonly name: string; readonly type: PlainType }[];
  readonly captured: readonly { readonly name: string; readonly type: PlainType }[];
  readonly result: PlainType;
  /**
   * Names of error classes that the program defines and the function throws. The function that reads the captured
   * values returns these classes after them.
   */
  readonly errors?: readonly string[] | undefined;
  /**
   * The strings that stand for codes, and the locals and arrays of the region that hold codes, so that emitted code and
   * explanations show strings. Absent if the function has no strings.
   */
  readonly texts?: { readonly strings: readonly string[]; readonly names: readonly string[] } | undefined;
  /** Code that was compiled for regions of the form when the program was built. */
  readonly records?: readonly RegionRecord[] | undefined;
}
