import { refuseExtra } from "../errors/arguments.ts";
import { DownhillError } from "../errors/index.ts";
import { checkChoice, checkOptions } from "../errors/options.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { CheckpointPolicy } from "../prims/checkpoint.ts";
import { checkpoint as bindCheckpoint } from "../prims/checkpoint.ts";
import { traceProgram } from "../trace/staging.ts";
import type { TreeDef } from "../tree/tree.ts";
import { unflatten } from "../tree/tree.ts";
import type { OnlyPlain, Plain } from "../tree/plain-types.ts";
import type { LikeAll, TensorLike } from "../tree/types.ts";
import { flattenArguments, flattenResult, unflattenArguments } from "./arguments.ts";
import { transformed, type AnyFunction } from "./plain.ts";
import { interned } from "../trace/intern.ts";
import "./program-tools.ts";
import { checkInteger } from "../ir/plain-number.ts";

/** What a checkpoint keeps. */
export interface CheckpointOptions {
  /**
   * `"nothing"` (default) keeps only the arguments; `"products"` also what products of matrices and convolutions give,
   * so that only cheap operations are computed again.
   */
  readonly policy?: CheckpointPolicy;
  /**
   * For functions of plain numbers: of how many iterations long loops keep the state, and how many they record at a time. A whole number
   * from 1 to 65,536; without it ⌈√n⌉ for n iterations.
   */
  readonly snapshots?: number;
}

export type { CheckpointPolicy };

/**
 * The same function, whose reverse-mode derivative keeps its arguments and computes the values in between again instead
 * of keeping them: less memory for one more run of the function. Values and derivatives do not change.
 *
 * Of a function of plain numbers, the loops at its outermost level that count their iterations go back in √n segments of √n iterations:
 * what they change is kept where each segment begins, and values in between for one segment at a time. With `snapshots: c` they go in
 * segments of c iterations and keep what they change at c of those at a time; which, a binomial schedule says: m segments run
 * forwards again at most r times each, for the smallest r with C(c + r, r) ≥ m.
 *
 * @throws DownhillError `option` for `products` with a function of plain numbers, or for a derivative of one: take the checkpoint
 * first; for `snapshots` with a function over tensors; `range` for snapshots that are none.
 * @see Griewank, Walther, Evaluating Derivatives, 2nd edition, SIAM 2008, chapter 12.
 * @example
 * const block = checkpoint((x: Tensor) => sin(sin(sin(x))));
 * grad(block)(0.5); // 0.697266…
 */
export function checkpoint(
  f: (...x: Tensor[]) => Tensor,
  options?: CheckpointOptions,
): (...x: TensorLike[]) => Tensor;
export function checkpoint<A extends unknown[], T>(
  f: ((...args: A) => T) & OnlyPlain<[A, T]>,
  options?: CheckpointOptions,
): (...args: A) => Plain<T>;
export function checkpoint<A extends readonly unknown[], T>(
  f: (...args: A) => T,
  options?: CheckpointOptions,
): (...args: LikeAll<A>) => T;
export function checkpoint(
  f: (...args: never[]) => unknown,
  options: CheckpointOptions = {},
): (...args: never[]) => unknown {
  if (arguments.length > 2) refuseExtra("checkpoint", arguments, 2);
  checkOptions("checkpoint", options, ["policy", "snapshots"]);
  const { policy = "nothing", snapshots } = options;
  checkChoice("checkpoint", "policy", policy, ["nothing", "products"]);
  if (snapshots !== undefined)
    checkInteger("checkpoint", "snapshots", snapshots, { from: 1, to: mostSnapshots });
  return transformed(
    "checkpoint",
    f,
    { policy, ...(snapshots !== undefined && { snapshots }) },
    checkpointed,
  );
}

/** More keep more than √n segments of the longest loops do, which have 2³¹ iterations. */
const mostSnapshots = 65_536;

function checkpointed(f: AnyFunction, { policy = "nothing", snapshots }: CheckpointOptions): AnyFunction {
  if (snapshots !== undefined)
    throw new DownhillError(
      "option",
      `checkpoint: snapshots is for loops in functions of plain numbers. Loops over tensors take scan(…, { checkpoint: n }).`,
    );
  return (...args) => {
    const { leaves, defs } = flattenArguments(args, "checkpoint");
    let def: TreeDef = { kind: "leaf" };
    const { program, captured } = traceProgram(
      f.name === "" ? "f" : f.name,
      leaves.map((x) => x.type),
      (...xs) => {
        const result = flattenResult(f(...(unflattenArguments(defs, xs) as never[])), "checkpoint");
        def = result.def;
        return result.leaves;
      },
    );
    return unflatten(def, bindCheckpoint([...captured, ...leaves], { program: interned(program), policy }));
  };
}
