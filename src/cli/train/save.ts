import { writeSafetensorsFile } from "../../training/io/index.ts";
import type { MlpParams } from "../../numeric/nn/index.ts";
import type { OutputFile } from "../shared/write-file.ts";
import type { LearningProblem } from "./data.ts";
import type { TrainableNetwork } from "./model.ts";

/**
 * Writes a network as safetensors: `layers.0.weight`, `layers.0.bias`, … in order from the inputs. The metadata hold,
 * as JSON, everything that users of the model need: sizes, classes or target, and for tables `inputs` (`encoder` for
 * `encodeFeatures`, `scale` for `standardise`). They also hold the commands that made the model, one per line.
 *
 * @throws DownhillError `file` if it cannot be written.
 */
export async function saveNetwork(
  path: OutputFile,
  params: MlpParams,
  { task, title, inputs }: LearningProblem,
  { sizes }: TrainableNetwork,
  commands: readonly string[],
): Promise<void> {
  const tensors = params.layers.flatMap(({ weight, bias }, i) => [
    [`layers.${i}.weight`, weight] as const,
    [`layers.${i}.bias`, bias] as const,
  ]);
  const learnt =
    task.kind === "classification"
      ? { classes: JSON.stringify(task.classes) }
      : { target: task.target, targetScale: JSON.stringify(task.scale) };
  const metadata = {
    command: commands.join("\n"),
    data: title,
    network: JSON.stringify({ sizes, activation: "relu" }),
    task: task.kind,
    ...learnt,
    ...(inputs === undefined ? {} : { inputs: JSON.stringify(inputs) }),
  };
  await writeSafetensorsFile(path, new Map(tensors), metadata);
}
