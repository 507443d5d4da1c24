// Functions of arrays of objects and tuples, which measure how quickly arguments and derivatives of these kinds are copied.

/** The sum of x²·y over points. */
export function points(ps: { x: number; y: number }[]): number {
  "use ad";
  let s = 0;
  for (const { x, y } of ps) s += x * x * y;
  return s;
}

/** The same of pairs. */
export function pairs(ps: [x: number, y: number][]): number {
  "use ad";
  let s = 0;
  for (const [x, y] of ps) s += x * x * y;
  return s;
}

/** The same of an array with x and y in turn, to compare with. */
export function inTurn(ps: Float64Array): number {
  "use ad";
  let s = 0;
  for (let i = 0; i < ps.length; i += 2) s += ps[i]! * ps[i]! * ps[i + 1]!;
  return s;
}
