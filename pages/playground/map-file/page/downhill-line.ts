// Steepest descent with adaptive step sizes.

export type Point = readonly [x: number, y: number];

/** Returns the value and the gradient at a point. */
export type Evaluate = (point: Point) => { readonly value: number; readonly gradient: Point };

/** Path of a descent. */
export interface Downhill {
  /** The points, starting with the start. */
  readonly points: readonly Point[];
}

const mostSteps = 400;
const enough = 1e-4; // required fraction of the predicted decrease (Armijo's rule)
const flat = 1e-9; // gradient norm that counts as zero
const shortest = 1e-14; // initial step in multiples of the gradient

/** Points of a steepest descent. Steps are halved until the value falls, and doubled after a successful step. */
export function downhillFrom(evaluate: Evaluate, start: Point): Downhill {
  const points: Point[] = [start];
  let at = start;
  let { value, gradient } = evaluate(at);
  let step = 1;
  while (points.length <= mostSteps) {
    const [dx, dy] = gradient;
    const slope = Math.hypot(dx, dy);
    if (!(slope > flat && Number.isFinite(value))) break;
    let next: Point;
    let found: ReturnType<Evaluate>;
    do {
      step /= 2;
      next = [at[0] - step * dx, at[1] - step * dy];
      found = evaluate(next);
    } while (!(found.value <= value - enough * step * slope ** 2) && step > shortest);
    if (step <= shortest) break;
    points.push(next);
    at = next;
    ({ value, gradient } = found);
    step *= 4;
  }
  return { points };
}
