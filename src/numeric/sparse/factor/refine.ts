/**
 * Solves A x = b with at most `steps` steps of iterative refinement. `solve` may overwrite its argument; `multiply`
 * writes A x. A step is only kept if it reduces the residual. Refinement ends when the residual consists of rounding
 * errors, or when a step does not halve it.
 */
export function refine(
  b: Float64Array,
  solve: (b: Float64Array) => Float64Array,
  multiply: (x: Float64Array, out: Float64Array) => void,
  steps: number,
): Float64Array {
  let x = solve(b.slice());
  if (steps === 0) return x;
  const residual = new Float64Array(b.length);
  let size = residualOf(b, x, multiply, residual);
  const enough = 2 ** -52 * largestOf(b);
  for (let step = 0; step < steps && size > enough; step++) {
    const change = solve(residual.slice());
    const next = x.map((value, i) => value + change[i]!);
    const left = residualOf(b, next, multiply, residual);
    if (!(left < size)) break;
    x = next;
    if (left > 0.5 * size) break;
    size = left;
  }
  return x;
}

/** Writes the residual b − A x and returns its largest absolute element. */
function residualOf(
  b: Float64Array,
  x: Float64Array,
  multiply: (x: Float64Array, out: Float64Array) => void,
  out: Float64Array,
): number {
  multiply(x, out);
  for (let i = 0; i < b.length; i++) out[i] = b[i]! - out[i]!;
  return largestOf(out);
}

function largestOf(x: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < x.length; i++) {
    const size = Math.abs(x[i]!);
    if (size > largest) largest = size;
  }
  return largest;
}
