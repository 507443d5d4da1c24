import { DownhillError } from "./index.ts";

/**
 * Refuses arguments beyond the `takes` parameters of a function. Callers call it only if there are more, so that
 * other calls only compare two numbers.
 *
 * Additional arguments from array methods are accepted, so that `[1, 2].map(sin)` and `tensors.reduce(add)` work:
 * the index and the array after one operand (`map`, `Array.from`, iterators) or after two operands (`reduce`).
 *
 * @throws DownhillError `option`, with the advice `repair`.
 */
export function refuseExtra(
  operation: string,
  given: ArrayLike<unknown>,
  takes: number,
  repair: string = "",
): void {
  if (!isCallback(given, takes)) refuseExtraOfMethod(operation, given, takes, repair);
}

/**
 * Like `refuseExtra`, for methods, but it also refuses the additional arguments of array methods. Methods are not
 * passed to array methods, and `x.at(0, 1)` would look like such a call.
 */
export function refuseExtraOfMethod(
  operation: string,
  given: ArrayLike<unknown>,
  takes: number,
  repair: string = "",
): void {
  let extra = takes;
  while (extra < given.length && given[extra] === undefined) extra++;
  if (extra === given.length) return; // `undefined` counts as omitted
  const n = takes === 0 ? "no argument" : takes === 1 ? "one argument" : `${takes} arguments`;
  const hint = isPlace(given[takes - 1]) && holdsPlace(given[takes]) ? mapped(operation) : repair;
  throw new DownhillError(
    "option",
    `${operation}: takes ${n}, and more are given: number ${extra + 1} is ${describe(given[extra])}.${hint}`,
  );
}

/**
 * True if an array method such as `map` called the function: the arguments after the operands are then the index of the
 * last operand and usually its array.
 */
function isCallback(given: ArrayLike<unknown>, takes: number): boolean {
  const place = given[takes];
  if (!isPlace(place)) return false;
  if (given.length === 2) return takes === 1;
  const array = given[takes + 1];
  return (
    (takes === 1 || takes === 2) &&
    given.length === takes + 2 &&
    holdsPlace(array) &&
    Object.is(array[place], given[takes - 1])
  );
}

function isPlace(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}

function holdsPlace(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || ArrayBuffer.isView(value);
}

/**
 * Refuses a typed array whose buffer was transferred, for example to a worker: it looks like an empty array.
 *
 * @throws DownhillError `donated`
 */
export function refuseDetached(operation: string, array: ArrayBufferView): void {
  if (array.byteLength > 0 || !isDetached(array.buffer)) return;
  throw new DownhillError(
    "donated",
    `${operation}: the buffer of this ${array.constructor.name} is detached: it was transferred, as by postMessage or structuredClone, and holds ` +
      "nothing here any more. Pass a copy made before, as by x.slice().",
  );
}

/**
 * True if a buffer is detached. Node 20 has no property `detached`, but throws when a view of such a buffer is created.
 */
function isDetached(buffer: ArrayBufferLike): boolean {
  try {
    return new Uint8Array(buffer).length < 0;
  } catch {
    return true;
  }
}

function mapped(operation: string): string {
  return ` In map and its like write (x) => ${operation}(x).`;
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "number" || typeof value === "boolean") return `the ${typeof value} ${value}`;
  if (Array.isArray(value)) return "an array";
  if (typeof value === "string") return "a text";
  if (typeof value === "function") return "a function";
  if (typeof value !== "object") return `a ${typeof value}`;
  const name: unknown = value.constructor?.name;
  return name === "Object" || typeof name !== "string" ? "an object" : `a ${name}`;
}
