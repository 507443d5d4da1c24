import type { LazyCommand } from "../run.ts";
import { anyCommand } from "../run.ts";

/** What the help says of `downhill emit`, and where it is. */
export const emitEntry: LazyCommand = {
  description: "Write derivatives of a plain TypeScript function as a module of its own",
  examples: [
    [`downhill emit loss.ts#loss --grad p --out loss.grad.js`, "the gradient in p, and its types beside"],
    [`downhill emit loss.ts#loss --value --grad p,b`, "value and gradients, to standard output"],
    [`downhill emit model.ts#energy --hvp x --functions exact`, "the same bits on every engine"],
    [`downhill emit arm.ts#position --jacobian angles`, "a row for each number of the result"],
  ],
  load: async () => anyCommand((await import("./command.ts")).emitCommand),
};
