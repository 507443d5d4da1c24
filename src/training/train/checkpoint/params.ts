import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { checkChoice, checkOptions } from "../../../engine/errors/options.ts";
import { readPart } from "./codec.ts";
import type { CheckpointStore } from "./store.ts";

/** Options of `checkpointParams` and `checkpointModelState`. */
export interface CheckpointParamsOptions {
  /** The parameters at the last step (default), or those of the best epoch of a run with `keepBest`. */
  readonly which?: "last" | "best";
}

/**
 * The parameters in the newest whole checkpoint of a store, to use the model without training on; `undefined` if there is
 * no checkpoint (or no best epoch) yet. They have the structure that `fit` was given.
 *
 * The file is one of safetensors, so that other programs can read it too: names are paths, as in `params.layers[0].w` and
 * `best.layers[0].w`.
 *
 * @throws DownhillError `data` if there are checkpoints and none is whole.
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
 * The state of the model in the newest whole checkpoint of a store, as `checkpointParams` gives the parameters; `undefined`
 * for a run without `modelState` too. In the file its tensors are `modelState.…` and `bestModelState.…`.
 *
 * @throws DownhillError `data` if there are checkpoints and none is whole.
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
