import { refuseExtraOfMethod } from "../../engine/errors/arguments.ts";
import { DownhillError, markHint } from "../../engine/errors/index.ts";
import { callingLine } from "../../engine/errors/source-line.ts";
import { beginBelow } from "../../engine/errors/stack.ts";
import type { Axes } from "../../engine/ir/tensor.ts";
import { Tensor } from "../../engine/ir/tensor.ts";

/** Adds methods to the prototype of all tensors, replacing methods of equal names. */
export function attachMethods(methods: Readonly<Record<string | symbol, unknown>>): void {
  for (const name of Reflect.ownKeys(methods)) {
    Object.defineProperty(Tensor.prototype, name, {
      value: methods[name as string],
      writable: true,
      configurable: true,
    });
  }
}

/**
 * The options of a reduction that is called as a method. A method also accepts the axes before the options: `x.sum(0)`,
 * `x.sum(0, { keepdims: true })`. `undefined` if neither is given.
 * @throws DownhillError `option` for an argument after the options.
 */
export function optionsOf<O extends { readonly axis?: Axes }>(
  operation: string,
  axis: O["axis"] | O | undefined,
  options: O | undefined,
): O | undefined {
  if (typeof axis === "number" || Array.isArray(axis)) return { ...options, axis } as O;
  if (axis === undefined) return options;
  if (options !== undefined) refuseExtraOfMethod(operation, [axis, options], 1);
  return axis as O;
}

/**
 * Error for a tensor used in `x * y` or `Math.sin(x)`, which JavaScript cannot overload and which must not become NaN
 * silently. Both ask for the plain value in the same way, so the message covers both; it quotes the user's line if the
 * source can be read. `below` is the function that the JavaScript engine calls for the plain value.
 */
export function operatorError(below: () => unknown): DownhillError {
  const line = userLine(below);
  const asked = /\bMath\.(\w+)/.exec(line ?? "")?.[1] ?? "sin";
  const call = asked === "max" || asked === "min" ? `${asked}imum(x, y)` : `${asked}(x)`;
  const error = new DownhillError(
    "trace",
    `A tensor cannot be used with JavaScript's operators and Math${line === undefined ? "" : `, as in \`${line}\``}. ` +
      `Instead of x * y write x.mul(y) or mul(x, y) (also add, sub, div, pow); instead of Math.${asked}(${call.split("(")[1]!} write ${call}, ` +
      `imported from "downhill"; instead of x < y write less(x, y), and where(…) instead of if. ` +
      `For the plain number of a scalar use x.item(), for a text String(x).${markHint}`,
  );
  return beginBelow(error, below);
}

/**
 * The line of user code that called the function `below`; `undefined` if its source is not readable, or if it is long
 * or contains no operator or call.
 */
function userLine(below: () => unknown): string | undefined {
  const line = callingLine(below);
  return line !== undefined && line.length <= 120 && /[-+*/%<>=&|^~(]/.test(line) ? line : undefined;
}
