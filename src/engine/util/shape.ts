/** Sizes of the axes of an array, outermost first; `[]` is a scalar. */
export type Shape = readonly number[];

/** Number of elements of an array of this shape; 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  let n = 1;
  for (let i = 0; i < shape.length; i++) n *= shape[i]!;
  return n;
}

/** True if two shapes are equal. */
export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Row-major strides in elements: distances between neighbours along each axis. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i]!;
  }
  return strides;
}

/** Broadcast shape by NumPy's rules, or `undefined` if the shapes do not fit. */
export function broadcastShapes(...shapes: readonly Shape[]): Shape | undefined {
  let out: number[] = [];
  for (const shape of shapes) {
    if (shape.length > out.length) out = [...new Array<number>(shape.length - out.length).fill(1), ...out];
    const lead = out.length - shape.length;
    for (let i = 0; i < shape.length; i++) {
      const n = shape[i]!;
      const m = out[lead + i]!;
      if (n === m || n === 1) continue;
      if (m !== 1) return undefined;
      out[lead + i] = n;
    }
  }
  return out;
}

/** Integers from `from` up to but excluding `to`. */
export function range(from: number, to: number): number[] {
  const integers: number[] = [];
  for (let i = from; i < to; i++) integers.push(i);
  return integers;
}

/** Axes of an array of this rank that are not in `axes`, in order. */
export function otherAxes(rank: number, axes: readonly number[]): number[] {
  const others: number[] = [];
  for (let axis = 0; axis < rank; axis++) if (!axes.includes(axis)) others.push(axis);
  return others;
}

/** Greatest common divisor of two positive integers. */
export function greatestCommonDivisor(x: number, y: number): number {
  return y === 0 ? x : greatestCommonDivisor(y, x % y);
}
