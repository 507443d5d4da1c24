import { DownhillError, showType } from "../../engine/errors/index.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { scalarTypeOf } from "../../engine/ir/types.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { type Device, toHost } from "../../engine/runtime/index.ts";
import { flatten, leafPaths, unflatten } from "../../engine/tree/index.ts";
import type { TrainingProgress } from "./progress.ts";

// A run on a device keeps parameters and states in the memory of the device. It copies them to the processor wherever
// they are handed out or saved. The last copy is the point from which the run continues if the device is lost.

/** Maximum number of steps that are enqueued on a device before the numbers of the first one have arrived. */
export const mostInFlight = 2;

/** State of a run on the processor, to which it can return. */
export interface RestorePoint<P, S> extends Pick<
  TrainingProgress<P, S>,
  "params" | "state" | "modelState" | "pending" | "step" | "epoch" | "batch" | "soFar" | "watch"
> {
  /** Number of finished epochs in `history`. */
  readonly epochs: number;
}

/** Records the state of a run whose tensors are on the processor. */
export function pointOf<P, S>(progress: Omit<TrainingProgress<P, S>, "point">): RestorePoint<P, S> {
  const { params, state, modelState, pending, step, epoch, batch, soFar, watch, history } = progress;
  const trees = { params, state, modelState, pending };
  return { ...trees, step, epoch, batch, soFar: { ...soFar }, watch, epochs: history.length };
}

/** Returns a run to its last restore point. */
export function restore<P, S>(progress: TrainingProgress<P, S>): void {
  const { epochs, soFar, ...rest } = progress.point!;
  Object.assign(progress, rest, { soFar: { ...soFar } });
  progress.history.length = epochs;
}

/**
 * Copies the tensors of a run on a device to the processor, all together, and makes the result the restore point. The
 * copies on the device remain in use. Has no effect on a run without device.
 */
export async function bringHome<P, S>(progress: TrainingProgress<P, S>): Promise<void> {
  if (progress.point === undefined) return;
  const { params, state, modelState, pending } = progress;
  const parts = pending?.parts.map(({ tree }) => tree) ?? [];
  const { leaves, def } = flatten([params, state, modelState, parts], "fit");
  const home = await Promise.all(leaves.map((leaf) => toHost(asTensor(leaf, "fit"), "fit")));
  const [p, s, m, trees] = unflatten(def, home) as [P, S, unknown, typeof parts];
  Object.assign(progress, { params: p, state: s, modelState: m });
  if (pending !== undefined)
    progress.pending = {
      ...pending,
      parts: pending.parts.map((part, i) => ({ ...part, tree: trees[i]! })),
    };
  progress.point = pointOf(progress);
}

/** Reads scalars. Scalars of a device arrive later, and are released then. */
export function readNumbers(scalars: readonly Tensor[]): readonly number[] | Promise<readonly number[]> {
  if (scalars.every(({ slot }) => typeof slot === "number")) return scalars.map((x) => x.item());
  const read = Promise.all(
    scalars.map(async (x) => {
      const [value] = await x.read();
      x[Symbol.dispose]();
      return value!;
    }),
  );
  read.catch(() => {}); // the run may end before it needs the numbers
  return read;
}

/**
 * Checks the dtypes and the memory of a tree that a device will receive. Errors name the path of the tensor and the repair.
 *
 * @throws DownhillError `dtype` for one that the device does not support, `device` for one in the memory of another device.
 */
export function requireTypesOf(device: Device, tree: unknown): void {
  const { leaves, def } = flatten(tree, "fit");
  for (const [i, leaf] of leaves.entries()) {
    const { type, slot } = asTensor(leaf, "fit");
    const about = (): string => `fit: ${leafPaths(def, "")[i]!.replace(/^\./, "")} is ${showType(type)}`;
    const memory = typeof slot === "object" ? slot.memory : undefined;
    if (memory !== undefined && memory !== device.memory && !memory.isImmediate) {
      memory.requireUsable?.(`${about()} and is lost`);
      throw new DownhillError(
        "device",
        `${about()} in the memory of another device, ${memory.name}. Train there, or pass tensor(await x.read()).`,
      );
    }
    const types = type.shape.length === 0 ? (device.scalarTypes ?? device.types) : device.types;
    if (types.includes(scalarTypeOf(type.dtype))) continue;
    throw new DownhillError(
      "dtype",
      `${about()}, and ${device.name} does not support arrays of ${type.dtype}. ` +
        `Make it with { dtype: "float32" }, or convert it by astype("float32").`,
    );
  }
}
