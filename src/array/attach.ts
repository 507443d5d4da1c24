import { DownhillError } from "../errors/index.ts";
import { Tensor } from "../ir/tensor.ts";

/** Gives all tensors these methods, in place of what they had under the names. */
export function attachMethods(methods: Readonly<Record<string | symbol, unknown>>): void {
  for (const name of Reflect.ownKeys(methods)) {
    Object.defineProperty(Tensor.prototype, name, {
      value: methods[name as string],
      writable: true,
      configurable: true,
    });
  }
}

/** `x * y` cannot be given a meaning in JavaScript: it must not become NaN in silence. */
export function operatorError(): DownhillError {
  return new DownhillError(
    "trace",
    `A tensor cannot be used with JavaScript operators: instead of x * y write x.mul(y) or mul(x, y) ` +
      `(also add, sub, div, pow), instead of x < y write less(x, y), and where(…) instead of if. ` +
      `For the plain number of a scalar use x.item().`,
  );
}
