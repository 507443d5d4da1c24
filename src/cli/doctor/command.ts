import type { Command } from "../run.ts";

const args = {
  time: { type: "boolean", description: "measure calls, reads, products and a training step" },
  json: { type: "boolean", description: "write one JSON object" },
} as const;

/** `downhill doctor`: reports the GPU of this computer. */
export const doctorCommand: Command<typeof args> = {
  args,
  async run({ time, json }, { stdout }) {
    const { examine, writeReport } = await import("./run.ts");
    writeReport(await examine(time), json, stdout);
    return 0;
  },
};
