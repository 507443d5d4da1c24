// Number of steps that gradient descent needs to leave the saddle x² − y².
import { abs, add, grad, lessEqual, scan, type Tensor, tensor, vmap, where } from "downhill";
import { makeJitted as jit } from "../../../src/engine/runtime/jitted.ts";
import { applyUpdates, sgd } from "downhill/optim";
import { findLandscape } from "../../../src/pictures/landscapes/zoo.ts";

/** The landscape of the figure, a saddle that falls along y. */
const saddle = findLandscape("saddle");

const begin = saddle.start[0]!; // along x
const edge = saddle.domain![1]![1]; // edge of the map along y; a run beyond it has left

/** A sufficient number of steps for every rate and start of the figure. */
const enough = 1200;

const counted = /* @__PURE__ */ jit((distances: Tensor, rate: Tensor) =>
  vmap((distance: Tensor) => {
    const { init, update } = sgd({ learningRate: rate });
    const start = where(tensor([true, false]), begin, distance);
    const slope = grad(saddle.value);
    const [{ count }] = scan(
      ({ x, state, count: before }) => {
        const { updates, state: next } = update(slope(x), state, x);
        const isInside = lessEqual(abs(x.at(1)), edge);
        return [
          { x: applyUpdates(x, updates), state: next, count: add(before, where(isInside, 1, 0)) },
          null,
        ] as const;
      },
      { x: start, state: init(start), count: tensor(0) },
      null,
      { length: enough },
    );
    return count;
  })(distances),
);

/**
 * Number of steps after which gradient descent leaves the map, from the given distances to the line that leads into the
 * saddle.
 *
 * @param distances at least 1e-8
 * @param rate from 0.01 to 0.2
 */
export function stepsToLeave(distances: readonly number[], rate: number): number[] {
  const scalars = [tensor([...distances]), tensor(rate, { dtype: "float64" })] as const;
  return counted(...scalars).tolist() as number[];
}

/** Theoretical number of steps: a step multiplies y by 1 + 2η. */
export function predictedSteps(distance: number, rate: number): number {
  return Math.floor(Math.log(edge / distance) / Math.log(1 + 2 * rate)) + 1;
}

/** Distances of the figure's curve. */
export const distances: readonly number[] = Array.from({ length: 9 }, (_, k) => 10 ** -k);
