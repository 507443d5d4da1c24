import type { RegionType } from "../../../engine/region/form/region.ts";

/** The elements of one operand: a number where there are no axes, else all elements in row-major order. */
export interface ValueLeaf {
  readonly data: number | LeafElements;
  readonly dims: readonly number[];
  /** True of a value that is absent: the leaf only holds its position. */
  readonly isAbsent?: true;
}

export type LeafElements = Float64Array | Float32Array | Int32Array;

/** What a row of numbers is given as, or given back as. */
export type RowKind = "number[]" | "Float64Array" | "Float32Array" | "Int32Array";

/** How a plain value is put together from its leaves. */
export type Template =
  /** A number, array or matrix. `of` is the kind of its innermost rows; of a number, what a row of several becomes. */
  | { readonly kind: "leaf"; readonly rank: 0 | 1 | 2; readonly type: RegionType; readonly of: RowKind }
  /** `items` are the templates of all items, where something in them may be absent; `item` is that of any. */
  | { readonly kind: "list"; readonly item: Template; readonly items?: readonly Template[] | undefined }
  | {
      readonly kind: "record";
      readonly fields: readonly { readonly name: string; readonly type: Template }[];
    }
  | { readonly kind: "tuple"; readonly items: readonly Template[] }
  /**
   * A value that may be absent. As an argument: its boolean, then the leaves of its value, of the types given. `item` is `undefined`
   * where it is absent, and then nothing is made of its leaves.
   */
  | { readonly kind: "optional"; readonly item: Template | undefined; readonly types: readonly RegionType[] }
  /** The derivative in an absent value: `undefined`. It takes the leaves of the value, of these types. */
  | { readonly kind: "absent"; readonly types: readonly RegionType[] }
  /** One item along each place of the first axis of all leaves, in arrays at the leaves. */
  | { readonly kind: "batch"; readonly item: Template }
  /** Each leaf of `out` replaced by the structure of `in`: shape of the result, then that of the argument. */
  | { readonly kind: "jacobian"; readonly out: Template; readonly in: Template };

/** What holds elements of each type. */
export const makers: {
  readonly f64: Float64ArrayConstructor;
  readonly f32: Float32ArrayConstructor;
  readonly i32: Int32ArrayConstructor;
  readonly bool: Int32ArrayConstructor;
} = { f64: Float64Array, f32: Float32Array, i32: Int32Array, bool: Int32Array };
