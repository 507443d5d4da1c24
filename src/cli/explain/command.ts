import type { Command } from "../run.ts";
import type { OptionValues } from "../shared/option-values.ts";

const args = {
  text: {
    type: "positional",
    required: true,
    valueHint: "text",
    description:
      'a formula, x*y + sin(x), or statements, one a line or with ; between them: x = ? or x = 2 declares an input, the last one is the result\n- reads it from standard input\nfile.ts#name: a TypeScript function marked "use ad"',
  },
  at: {
    type: "string",
    valueHint: "x=2,y=3",
    description:
      "values of the inputs, before those of the text; without any the traces are symbolic\nof a function in a file: w=[1, 2], p={ x: 1, y: 2 }",
  },
  iteration: {
    type: "string",
    valueHint: "i=2,j=0",
    description: "of a function in a file, the iterations of loops to show (default: the first of each)",
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
    description:
      "draw the dependency graph: out.svg, out.png, out.html (to step through), out.dot or out.mmd;\nof a function in a file out.html",
  },
  json: { type: "boolean", description: "write the traces as one JSON object" },
} as const;

/** Values of the options of `downhill explain`. */
export type ExplainRequest = OptionValues<typeof args>;

/** `downhill explain`: shows how the derivative of a formula is computed. */
export const explainCommand: Command<typeof args> = {
  args,
  async run(given, terminal) {
    const { explain } = await import("./run.ts");
    await explain({ ...given, text: given.text === "-" ? terminal.stdin() : given.text }, terminal);
    return 0;
  },
};
