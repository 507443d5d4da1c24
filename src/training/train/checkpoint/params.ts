import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { checkChoice, checkOptions } from "../../../engine/errors/options.ts";
import { readPart } from "./codec.ts";
import type { CheckpointStore } from "./store.ts";

/** Options of `checkpointParams` and `checkpointModelState`. */
export interface CheckpointParamsOptions {
  /**
   * `"last"` (default): the parameters at the last step. `"best"`: those of the best epoch of a run with `keepBest`.
   */
  readonly which?: "last" | "best";
}

/**
 * Returns the parameters of the newest intact checkpoint in a store, to use the model without training further;
 * `undefined` if there is no checkpoint or no best epoch yet. They have the structure of the parameters that were
 * passed to `fit`.
 *
 * The file is in the safetensors format, so that other programs can read it too. Names are paths such as
 * `params.layers[0].w` and `best.layers[0].w`.
 *
 * @throws DownhillError `data` if there are checkpoints and none is intact.
 * @example
 * const store = checkpointMemory();
 * await fit({
 *   params: { w: tensor(0) },
 *   loss: ({ w }, { x }) => mean(square(sub(w, x))),
 *   data: dataset({ x: [2, 4] }).batch("full"),
 *   optimizer: sgd({ learningRate: 0.5 }),
 *   epochs: 1,
 *   checkpoint: { store },
 * });
 * await checkpointParams(store); // { w: 3 }
 */
export async function checkpointParams<P = unknown>(
  store: CheckpointStore,
  options: CheckpointParamsOptions = {},
): Promise<P | undefined> {
  if (arguments.length > 2) refuseExtra("checkpointParams", arguments, 2);
  return (await partOf("checkpointParams", store, options, "params")) as P | undefined;
}

/**
 * Returns the state of the model from the newest intact checkpoint in a store, like `checkpointParams` for the
 * parameters; `undefined` also for a run without `modelState`. In the file its tensors are named `modelState.…` and
 * `bestModelState.…`.
 *
 * @throws DownhillError `data` if there are checkpoints and none is intact.
 */
export async function checkpointModelState<M = unknown>(
  store: CheckpointStore,
  options: CheckpointParamsOptions = {},
): Promise<M | undefined> {
  if (arguments.length > 2) refuseExtra("checkpointModelState", arguments, 2);
  return (await partOf("checkpointModelState", store, options, "modelState")) as M | undefined;
}

async function partOf(
  operation: string,
  store: CheckpointStore,
  options: CheckpointParamsOptions,
  part: "params" | "modelState",
): Promise<unknown> {
  checkOptions(operation, options, ["which"]);
  const { which = "last" } = options;
  checkChoice(operation, "which", which, ["last", "best"]);
  const { checkpoint } = await store.load();
  return checkpoint === undefined ? undefined : readPart(checkpoint, which, part);
}
