// Arithmetic on plain vectors, for methods whose control flow depends on values.

/** `Σ xᵢyᵢ` */
export function dot(x: Float64Array, y: Float64Array): number {
  let [even, odd] = [0, 0]; // two independent sums
  let i = 0;
  for (; i + 1 < x.length; i += 2) {
    even += x[i]! * y[i]!;
    odd += x[i + 1]! * y[i + 1]!;
  }
  if (i < x.length) even += x[i]! * y[i]!;
  return even + odd;
}

/** `x + ay` */
export function addScaled(x: Float64Array, a: number, y: Float64Array): Float64Array {
  const out = new Float64Array(x.length); // a loop, because `map` of typed arrays takes five times as long
  for (let i = 0; i < x.length; i++) out[i] = x[i]! + a * y[i]!;
  return out;
}

/** `x − y` */
export function subtract(x: Float64Array, y: Float64Array): Float64Array {
  const out = new Float64Array(x.length);
  for (let i = 0; i < x.length; i++) out[i] = x[i]! - y[i]!;
  return out;
}

/** Elementwise product `xᵢyᵢ`. */
export function product(x: Float64Array, y: Float64Array): Float64Array {
  const out = new Float64Array(x.length);
  for (let i = 0; i < x.length; i++) out[i] = x[i]! * y[i]!;
  return out;
}

/** `ax` */
export function scaled(a: number, x: Float64Array): Float64Array {
  const out = new Float64Array(x.length);
  for (let i = 0; i < x.length; i++) out[i] = a * x[i]!;
  return out;
}

/** `max |xᵢ|`; 0 for an empty vector, NaN if an element is NaN. */
export function largest(x: Float64Array): number {
  let top = 0;
  for (let i = 0; i < x.length; i++) {
    const size = Math.abs(x[i]!);
    if (size <= top) continue;
    if (Number.isNaN(size)) return NaN;
    top = size;
  }
  return top;
}

/** `max |sᵢ|/max(|xᵢ|, 1e-12)`: the largest relative change of an element; NaN if one is NaN. */
export function largestPart(s: Float64Array, x: Float64Array): number {
  let top = 0;
  for (let i = 0; i < s.length; i++) {
    top = Math.max(top, Math.abs(s[i]! / Math.max(Math.abs(x[i]!), 1e-12)));
  }
  return top;
}

/** `Σ |xᵢ|` */
export function sumOfSizes(x: Float64Array): number {
  let total = 0;
  for (const xi of x) total += Math.abs(xi);
  return total;
}

/** True if all elements are finite. */
export function isAllFinite(x: Float64Array): boolean {
  for (let i = 0; i < x.length; i++) if (x[i]! - x[i]! !== 0) return false;
  return true;
}
