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

/** Options of `checkpoint`: the values to save for the backward pass. */
export interface CheckpointOptions {
  /**
   * `"nothing"` (default) saves only the arguments. `"products"` also saves the results of matrix products and
   * convolutions, so that only cheap operations are recomputed.
   */
  readonly policy?: CheckpointPolicy;
  /**
   * For functions of plain numbers: number of saved states of a long loop, and number of iterations whose values
   * are saved at a time. An integer from 1 to 65,536; the default is ⌈√n⌉ for n iterations.
   */
  readonly snapshots?: number;
}

export type { CheckpointPolicy };

/**
 * The same function with another reverse mode: it saves the arguments and recomputes intermediate values instead
 * of saving them. This needs less memory and one additional forward pass. Values and derivatives do not change.
 *
 * In a function of plain numbers, the counted loops at the outermost level run backward in √n segments of √n
 * iterations. The state is saved at the start of each segment, and intermediate values for one segment at a time. With
 * `snapshots: c` a segment has c iterations, and at most c states are saved at a time. A binomial schedule chooses
 * them: each of m segments runs forward again at most r times, for the smallest r with C(c + r, r) ≥ m.
 *
 * @throws DownhillError `option` for `products` with a function of plain numbers or with its derivative (apply
 * `checkpoint` first), and for `snapshots` with a function of tensors; `range` for an invalid number of snapshots.
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

/** Maximum number of snapshots. The longest loops have 2³¹ iterations, for which √n segments need no more. */
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
