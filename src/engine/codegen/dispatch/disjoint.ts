// Proof that two units access different elements of a buffer, such as the middle and the borders of an image.
import type { UnitAccess } from "./access.ts";
import type { WorkUnit } from "./unit.ts";

/** Elements of an access: a constant plus a digit of each stride, within a range. */
interface ElementBox {
  readonly constant: number;
  /** Number of values of the digit of each stride. */
  readonly counts: ReadonlyMap<number, number>;
  /** Locals from outside with their factors, as text. */
  readonly outer: string;
}

/** Maximum number of pairs of accesses that are compared. */
const mostPairs = 256;

/** True if no access of one unit to a buffer touches an element that the other one writes. */
export function areDisjointIn(buffer: string, a: WorkUnit, b: WorkUnit): boolean {
  const [first, second] = [a, b].map((unit) => unit.accesses.filter((access) => access.buffer === buffer));
  if (first!.length * second!.length > mostPairs) return false;
  return first!.every((x) => second!.every((y) => (!x.isStore && !y.isStore) || areBoxesApart(boxOf(x, a), boxOf(y, b)))); // prettier-ignore
}

function boxOf({ index }: UnitAccess, { ranges }: WorkUnit): ElementBox | undefined {
  if (index === undefined) return undefined;
  const counts = new Map<number, number>();
  const outer: string[] = [];
  let { constant } = index;
  for (const [name, by] of index.terms) {
    const range = ranges.get(name);
    if (range === undefined) {
      outer.push(`${name}·${by}`);
      continue;
    }
    const stride = Math.abs(by);
    constant += by * (by < 0 ? range.from + range.size - 1 : range.from);
    counts.set(stride, (counts.get(stride) ?? 1) + range.size - 1);
  }
  return { constant, counts, outer: outer.sort().join() };
}

/** True if two boxes have no common element: their digits of some stride differ. */
function areBoxesApart(a: ElementBox | undefined, b: ElementBox | undefined): boolean {
  if (a === undefined || b === undefined || a.outer !== b.outer) return false;
  const strides = [...new Set([1, ...a.counts.keys(), ...b.counts.keys()])].sort((x, y) => y - x);
  // with a common multiple of the largest stride added, which moves both boxes alike, constants are positive
  const base = strides[0]! * Math.ceil(Math.max(0, -a.constant, -b.constant) / strides[0]!);
  const [x, y] = [a, b].map((box) => digitsOf(box, base, strides));
  if (x === undefined || y === undefined) return false;
  return x.some(([low, high], i) => high < y[i]![0] || y[i]![1] < low);
}

/** Ranges of the digits of a box, largest stride first; `undefined` if a sum of digits carries into the next one. */
function digitsOf(
  { constant, counts }: ElementBox,
  base: number,
  strides: readonly number[],
): (readonly [low: number, high: number])[] | undefined {
  let rest = constant + base;
  const digits = strides.map((stride): [number, number] => {
    const low = Math.floor(rest / stride);
    rest -= low * stride;
    return [low, low + (counts.get(stride) ?? 1) - 1];
  });
  let sum = 0; // of the largest smaller digits
  for (let i = strides.length - 1; i > 0; i--) {
    sum += strides[i]! * digits[i]![1];
    if (sum >= strides[i - 1]!) return undefined;
  }
  return digits;
}
