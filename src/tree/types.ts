import type { NestedNumbers, Tensor, TensorLike } from "../ir/tensor.ts";

export type { NestedNumbers, TensorLike };

/** The type of `P` with every tensor replaced by what may stand for one; what stands for one already stays. */
export type Like<P> = unknown extends P
  ? P
  : [Tensor] extends [P]
    ? TensorLike | Exclude<P, TensorLike>
    : P extends number | boolean | string | null | undefined
      ? P
      : P extends readonly unknown[]
        ? { readonly [K in keyof P]: Like<P[K]> }
        : P extends object
          ? { readonly [K in keyof P]: Like<P[K]> }
          : P;

/** `Like` for each of a list of arguments. */
export type LikeAll<R extends readonly unknown[]> = { readonly [K in keyof R]: Like<R[K]> };
