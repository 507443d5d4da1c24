import type { Command } from "../run.ts";
import type { OptionValues } from "../shared/option-values.ts";

const args = {
  chapter: {
    type: "positional",
    required: false,
    valueHint: "chapter",
    description: "the chapter to begin with, by its name in the address (default: the list of chapters)",
  },
  port: { type: "string", valueHint: "N", description: "the port to serve at (default: any that is free)" },
  open: { type: "boolean", default: true, description: "only print the address, without opening a browser" },
} as const;

/** Values of the options of `downhill learn`. */
export type LearnRequest = OptionValues<typeof args>;

/** `downhill learn`: serves the course in the package to this machine only. */
export const learnCommand: Command<typeof args> = {
  args,
  async run(given, terminal) {
    const { learn } = await import("./run.ts");
    return learn(given, terminal);
  },
};
