import type { CommandDef } from "citty";
import { defineCommand } from "citty";

const args = {
  seed: { type: "string", valueHint: "N", description: "seed of the training", default: "0" },
  out: {
    type: "string",
    valueHint: "file.html",
    description: "where to write the report",
    default: "downhill-report.html",
  },
} as const;

/** `downhill demo`: the traces of a formula, then a network trained on handwritten digits. */
export const demoCommand: CommandDef<typeof args> = /* @__PURE__ */ defineCommand({
  meta: { name: "demo", description: "See what downhill does, in a few seconds" },
  args,
  async run({ args: { seed, out } }) {
    const { demo } = await import("./run.ts");
    await demo(seed, out);
  },
});
