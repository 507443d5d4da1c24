import type { LazyCommand } from "../run.ts";
import { anyCommand } from "../run.ts";

/** Help text and loader of `downhill explain`. */
export const explainEntry: LazyCommand = {
  description: "Show how the derivative of a formula is computed, line by line",
  examples: [
    [
      `downhill explain "x*y + sin(x)" --at x=2,y=3`,
      "program, forward and reverse traces, and a check, with values",
    ],
    [
      `downhill explain "a = x*y; b = sin(x); z = a + b"`,
      "several statements; without values the traces are symbolic",
    ],
    [
      `downhill explain "x = 2; y = 3; a = x*y; z = a + sin(x)"`,
      "inputs with values; x = ? would be one without",
    ],
    [
      `downhill explain "x*y + sin(x)" --at x=2,y=3 --seed x=1,y=-1`,
      "one forward pass, along a direction of your choice",
    ],
    [
      `downhill explain loss.ts#loss --at "w=[0.1, 0.2], xs=[1, 2, 3, 4]" --iteration i=1`,
      `a TypeScript function marked "use ad", by its own lines`,
    ],
    [`downhill explain "exp(-x^2)" --at x=1/2 --graph out.html`, "a page to step through: table and graph"],
    [`downhill explain - --at x=pi/4 --json < formula.txt`, "read the text from standard input, write JSON"],
  ],
  load: async () => anyCommand((await import("./command.ts")).explainCommand),
};
