// Shared parts of the generators of random routines.
import type { Buffer, Expr, ScalarType } from "../../src/engine/kernel/scalar.ts";

/** Random choices from a list that fast-check can shrink. Past its end every choice is 0, the simplest. */
export class Choices {
  #at = 0;
  readonly #list: readonly number[];

  constructor(list: readonly number[]) {
    this.#list = list;
  }

  /** A number below `n`. */
  below(n: number): number {
    return (this.#list[this.#at++] ?? 0) % n;
  }

  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}

export interface Local {
  readonly name: string;
  readonly type: ScalarType;
  readonly canBeSet: boolean;
}

/** Names available to expressions and statements at one point of a routine. */
export interface Scope {
  readonly locals: readonly Local[];
  /** Indices of loops, below these numbers. */
  readonly indices: readonly { readonly index: Expr; readonly below: number }[];
  /** Buffers that may be read anywhere. */
  readonly readable: readonly Buffer[];
  /** Buffers that may be read and written at one index only, in independent loops. */
  readonly own: readonly { readonly buffer: Buffer; readonly place: Expr }[];
  /** Buffers that may be written anywhere. */
  readonly writable: readonly Buffer[];
  /** Whether loops may be opened. */
  readonly loops: number;
}
