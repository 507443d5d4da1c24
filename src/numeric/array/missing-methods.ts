import { DownhillError } from "../../engine/errors/index.ts";
import { Tensor } from "../../engine/ir/tensor.ts";
import { attachAbsent } from "./absent.ts";
import { attachMethods, operatorError } from "./attach.ts";

/** Names of the methods that `array/methods` attaches. Each would add its operation to every bundle. */
const others =
  "add sub mul div pow neg abs square sqrt exp log sin cos tanh sum mean max min std var argmax less greater equal where matmul dot reshape transpose at " +
  "slice astype toString";

/** Placeholder for a method that was not imported; it throws. */
const missing = (name: string) => (): never => {
  const functions: Readonly<Record<string, string>> = {
    T: "transpose(x)",
    var: "variance(x, …)",
    where: "where(condition, x, y)",
  };
  const instead =
    name === "toString" ? "read the elements with tolist()" : `write ${functions[name] ?? `${name}(x, …)`}`;
  throw new DownhillError(
    "trace",
    `${name}: tensors have this method only if "downhill" is imported; with "downhill/core" alone, ${instead}.`,
  );
};

// One of the import-time side effects of the library (see `sideEffects` in package.json). `array/methods` may be loaded
// before or after this module.
if (!Object.hasOwn(Tensor.prototype, "add")) {
  attachMethods(Object.fromEntries(others.split(" ").map((name) => [name, missing(name)])));
  Object.defineProperty(Tensor.prototype, "T", { get: missing("T"), configurable: true });
  attachMethods({
    [Symbol.toPrimitive]: function toPrimitive(): never {
      throw operatorError(toPrimitive);
    },
  });
  attachAbsent(() => undefined);
}
