import { DownhillError } from "../../engine/errors/index.ts";
import { Tensor } from "../../engine/ir/tensor.ts";
import { attachAbsent } from "./absent.ts";
import { attachMethods, operatorError } from "./attach.ts";

/** The names of those that `array/methods` attaches. Each would bring its operation into every bundle. */
const others =
  "add sub mul div pow neg abs square sqrt exp log sin cos tanh sum mean max min std var argmax less greater equal where matmul dot reshape transpose at " +
  "slice astype toString";

/** What stands for a method that was not imported. */
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
    `${name}: tensors have this method where "downhill" is imported; with "downhill/core" alone ${instead}.`,
  );
};

// One of the import-time effects of the library (see `sideEffects` in package.json). `array/methods` may have been loaded
// before, or may be later.
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
