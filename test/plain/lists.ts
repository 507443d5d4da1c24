// Functions of arrays of objects and tuples, for measuring the cost of copying such arguments and derivatives.

/** The sum of x²·y over points. */
export function points(ps: { x: number; y: number }[]): number {
  "use ad";
  let s = 0;
  for (const { x, y } of ps) s += x * x * y;
  return s;
}

/** The same sum over pairs. */
export function pairs(ps: [x: number, y: number][]): number {
  "use ad";
  let s = 0;
  for (const [x, y] of ps) s += x * x * y;
  return s;
}

/** The same sum over an array with alternating x and y, for comparison. */
export function inTurn(ps: Float64Array): number {
  "use ad";
  let s = 0;
  for (let i = 0; i < ps.length; i += 2) s += ps[i]! * ps[i]! * ps[i + 1]!;
  return s;
}
