import { parseArgs } from "citty";
import { normaliseArguments } from "../arguments.ts";
import type { Command } from "../run.ts";
import { optionValues } from "../shared/option-values.ts";
import { takeTurbo, turboOption } from "../turbo.ts";
import { trainOptions, type TrainRequest, trainRequest } from "./options.ts";

/** `downhill train`: trains a small network and reports the results. */
export const trainCommand: Command<typeof trainOptions> = {
  args: trainOptions,
  async run(given, terminal) {
    const { readConfig, withConfig } = await import("./config.ts");
    const request = given.config === undefined ? given : withConfig(given, readConfig(given.config));
    const { train } = await import("./run.ts");
    return train(trainRequest(request), terminal, given.config);
  },
};

/**
 * Parses the words after `downhill train`, which checkpoints store.
 *
 * @throws DownhillError `option` for words that are not a valid command.
 */
export function requestOfWords(words: readonly string[]): TrainRequest {
  const normal = normaliseArguments(words, { ...trainOptions, ...turboOption });
  return optionValues(trainOptions, parseArgs([...takeTurbo(normal, {}).words], trainOptions));
}
