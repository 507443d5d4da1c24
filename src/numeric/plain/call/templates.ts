import type { RegionType } from "../../../engine/region/form/region.ts";

/** The elements of one operand: a number if there are no axes, otherwise all elements in row-major order. */
export interface ValueLeaf {
  readonly data: number | LeafElements;
  readonly dims: readonly number[];
  /** True if the value is absent, so that the leaf is only a placeholder. */
  readonly isAbsent?: true;
}

export type LeafElements = Float64Array | Float32Array | Int32Array;

/** The kind of array for a row of numbers, in arguments and in results. */
export type RowKind = "number[]" | "Float64Array" | "Float32Array" | "Int32Array" | "Uint8Array";

/** Structure by which a plain value is assembled from its leaves. Nodes consume leaves in depth-first order. */
export type Template =
  /**
   * A number, array or matrix. `of` is the kind of its innermost rows; for a number, the kind of a row of several such
   * numbers.
   */
  | {
      readonly kind: "leaf";
      readonly rank: 0 | 1 | 2;
      readonly type: RegionType;
      readonly of: RowKind;
      /** True for a string, or a boolean that is a field of an object: derivatives leave these out. */
      readonly isText?: true;
    }
  /**
   * A list. `items` are templates of the individual items if parts of them may be absent; otherwise `item` is the
   * template of every item.
   */
  | { readonly kind: "list"; readonly item: Template; readonly items?: readonly Template[] | undefined }
  | {
      readonly kind: "record";
      readonly fields: readonly { readonly name: string; readonly type: Template }[];
    }
  | { readonly kind: "tuple"; readonly items: readonly Template[] }
  /**
   * A value that may be absent. In an argument, its leaves are its boolean followed by the leaves of the value, which
   * have the given types. `item` is `undefined` if the value is absent, and then its leaves are ignored.
   */
  | {
      readonly kind: "optional";
      readonly item: Template | undefined;
      readonly types: readonly RegionType[];
      /** True if the absent value is `null`. */
      readonly isNull?: true;
    }
  /**
   * The derivative with respect to an absent value: `undefined`, or `null` like the value. It consumes the leaves of the
   * value, which have these types.
   */
  | { readonly kind: "absent"; readonly types: readonly RegionType[]; readonly isNull?: true }
  /**
   * A batch of results: an array with one item for each index of the first axis of the leaves; where `item` has a leaf,
   * that axis becomes an array.
   */
  | { readonly kind: "batch"; readonly item: Template }
  /**
   * A Jacobian: each leaf of `out` is replaced by the structure of `in`. The shape of a leaf is the shape of the
   * result, followed by that of the argument.
   */
  | { readonly kind: "jacobian"; readonly out: Template; readonly in: Template };

/** The typed array for elements of each type. */
export const makers: {
  readonly f64: Float64ArrayConstructor;
  readonly f32: Float32ArrayConstructor;
  readonly i32: Int32ArrayConstructor;
  readonly bool: Int32ArrayConstructor;
} = { f64: Float64Array, f32: Float32Array, i32: Int32Array, bool: Int32Array };
