import { DownhillError, markHint, showShape } from "../../engine/errors/index.ts";
import { askedBy, beginBelow } from "../../engine/errors/stack.ts";
import { Tensor } from "../../engine/ir/tensor.ts";

/** Repair hint for a missing property `name`, as a sentence; undefined if no tensor property was meant. */
type PropertyHint = (name: string) => string | undefined;

/**
 * Error message for reading a property `x[name]` that tensors lack but users of other libraries may expect. Undefined
 * for other names, which read as undefined, as on any object.
 */
function explain(x: Tensor, name: string | symbol, hintOf: PropertyHint): string | undefined {
  const n = showShape(x.shape);
  if (name === "length") {
    return `x.length: a tensor has no length. Its sizes are x.shape, here ${n}; that of the first axis is x.shape[0].${markHint}`;
  }
  if (name === Symbol.iterator) {
    return (
      "A tensor cannot be spread, destructured or iterated over like a list. Its numbers are x.tolist(); its items along the first " +
      `axis, here ${x.shape[0] ?? "none"}, are x.at(i) for i from 0 to x.shape[0] − 1.`
    );
  }
  if (typeof name === "symbol") return undefined;
  if (/^-?\d+$/.test(name)) {
    return `x[${name}]: the items of a tensor are not properties of it. Write x.at(${name}), or x.tolist()[…] for plain numbers.${markHint}`;
  }
  if (name.startsWith("Traced(")) {
    return "x[i] with a traced i: the items of a tensor are not properties of it. Write x.at(i)." + markHint;
  }
  const hint = hintOf(name);
  return hint && `x.${name}: a tensor has no such property. ${hint}`;
}

/**
 * Makes tensors explain properties that they lack. A proxy at the end of their prototype chain does it, so that
 * existing properties cost nothing. Tools (inspectors, test runners, `await`, `JSON`) read many names of any object;
 * they get `undefined`.
 */
export function attachAbsent(hintOf: PropertyHint): void {
  const behind: ProxyHandler<object> = {
    get: function get(target, name, x: unknown): unknown {
      if (!Reflect.has(target, name) && x instanceof Tensor) {
        const text = explain(x, name, hintOf);
        if (text !== undefined && askedBy(get) === "user")
          throw beginBelow(new DownhillError("option", text), get);
      }
      return Reflect.get(target, name, x);
    },
    set: function set(target, name, value: unknown, x: unknown): boolean {
      if (typeof name === "string" && /^-?\d+$/.test(name) && x instanceof Tensor) {
        const text =
          `x[${name}] = …: a tensor is immutable. setAt(x, value, ${name}) returns a tensor with another item,  ` +
          "where(condition, x, y) selects elements; to fill an array element by element, fill a plain array and pass it to tensor().";
        throw beginBelow(new DownhillError("option", text), set);
      }
      return Reflect.set(target, name, value, x);
    },
  };
  for (const [name, instead] of [
    ["shape", "x.reshape(shape)"],
    ["dtype", "x.astype(dtype)"],
    ["ndim", "x.reshape(shape)"],
    ["size", "x.reshape(shape)"],
  ] as const) {
    Object.defineProperty(Tensor.prototype, name, {
      set: function set() {
        const text = `x.${name} = …: a tensor is immutable. Write ${instead}, which returns a new tensor.`;
        throw beginBelow(new DownhillError("option", text), set);
      },
    });
  }
  Object.setPrototypeOf(Tensor.prototype, new Proxy(Object.create(Object.prototype) as object, behind));
}
