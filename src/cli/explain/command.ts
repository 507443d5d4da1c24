import { readFileSync } from "node:fs";
import type { CommandDef } from "citty";
import { defineCommand } from "citty";

const args = {
  text: {
    type: "positional",
    required: true,
    valueHint: "text",
    description:
      "a formula, x*y + sin(x), or statements, one a line or with ; between them: x = ? or x = 2 declares an input, the last one is the result\n- reads it from standard input",
  },
  at: {
    type: "string",
    valueHint: "x=2,y=3",
    description: "values of the inputs, before those of the text; without any the traces are symbolic",
  },
  seed: {
    type: "string",
    valueHint: "x=1,y=0",
    description:
      "differentials of the forward pass, or just the name of one input\n(default: one pass for each input)",
  },
  wrt: {
    type: "string",
    valueHint: "x,y",
    description: "inputs to differentiate with respect to (default: all)",
  },
  graph: {
    type: "string",
    valueHint: "file",
    description: "draw the dependency graph: out.svg, out.html (to step through), out.dot or out.mmd",
  },
  json: { type: "boolean", description: "write the traces as one JSON object" },
} as const;

/** `downhill explain`: how the derivative of a formula comes about. */
export const explainCommand: CommandDef<typeof args> = /* @__PURE__ */ defineCommand({
  meta: { name: "explain", description: "Show how the derivative of a formula comes about" },
  args,
  async run({ args: { text, at, seed, wrt, graph, json } }) {
    const { explain } = await import("./run.ts");
    await explain({
      text: text === "-" ? readFileSync(0, "utf8") : text,
      at,
      seed,
      wrt,
      graph,
      json: json === true,
    });
  },
});
