import { refuseExtraOfMethod } from "../../engine/errors/arguments.ts";
import { DownhillError, markHint } from "../../engine/errors/index.ts";
import { sourceLines } from "../../engine/errors/source-line.ts";
import { beginBelow, callerOf, placeOf } from "../../engine/errors/stack.ts";
import type { Axes } from "../../engine/ir/tensor.ts";
import { Tensor } from "../../engine/ir/tensor.ts";

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

/**
 * The options of a reduction as a method, which takes its axes first too: `x.sum(0)`, `x.sum(0, { keepdims: true })`.
 *
 * @throws DownhillError `option` for something behind options.
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
 * `x * y` and `Math.sin(x)` cannot be given a meaning in JavaScript: they must not become NaN in silence. From inside they
 * look alike, so the error tells of both, and which it was where the user's line can be read. `below` is what the engine
 * calls for the plain value of a tensor.
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

/** The line of the user's code that called `below`, if it can be read and may be the one: an operator or call stands in it. */
function userLine(below: () => unknown): string | undefined {
  const place = placeOf(callerOf(below) ?? "");
  const line = place && sourceLines(place, 1);
  return line !== undefined && line.length <= 120 && /[-+*/%<>=&|^~(]/.test(line) ? line : undefined;
}
