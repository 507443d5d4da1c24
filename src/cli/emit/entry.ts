import type { LazyCommand } from "../run.ts";
import { anyCommand } from "../run.ts";

/** Help text and loader of `downhill emit`. */
export const emitEntry: LazyCommand = {
  description: "Write a function or its derivatives as a separate module",
  examples: [
    [`downhill emit loss.ts#loss --grad p --out loss.grad.js`, "the gradient in p, and its types"],
    [`downhill emit loss.ts#loss --value --grad p,b`, "value and gradients, to standard output"],
    [`downhill emit model.ts#energy --hvp x --functions exact`, "the same bits on every engine"],
    [`downhill emit loss.ts#loss --grad p --wasm --out loss.grad.js`, "WebAssembly inside the module"],
    [
      `downhill emit model.js#loss --args "f64[3], f64"`,
      "a function over tensors, for arguments of these types",
    ],
    [`downhill emit arm.ts#position --jacobian angles`, "a row for each number of the result"],
  ],
  load: async () => anyCommand((await import("./command.ts")).emitCommand),
};
