import type { Command } from "../run.ts";

const args = {
  run: {
    type: "positional",
    required: true,
    valueHint: "run",
    description: "checkpoint folders of downhill train, two or more",
  },
  out: {
    type: "string",
    valueHint: "file.html",
    description: "draw the overlaid curves of the runs on a page",
  },
  json: { type: "boolean", description: "write one JSON object: settings and curves of each run" },
} as const;

/** `downhill compare`: compares training runs. */
export const compareCommand: Command<typeof args> = {
  args,
  async run({ out, json }, terminal, folders) {
    const { compareRuns } = await import("./run.ts");
    await compareRuns({ folders, out, json }, terminal);
    return 0;
  },
};
