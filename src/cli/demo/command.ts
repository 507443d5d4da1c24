import type { Command } from "../run.ts";

const args = {
  seed: { type: "string", valueHint: "N", description: "seed of the training", default: "0" },
  out: {
    type: "string",
    valueHint: "file.html",
    description: "where to write the report",
    default: "downhill-report.html",
  },
} as const;

/** `downhill demo`: shows the traces of a formula, then trains a network on handwritten digits. */
export const demoCommand: Command<typeof args> = {
  args,
  async run({ seed, out }, terminal) {
    const { demo } = await import("./run.ts");
    return demo(seed, out, terminal);
  },
};
