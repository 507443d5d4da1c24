// The landscape of the first figure: four methods on it, and its curvature.
import { hessian, type Tensor, tensor, vmap } from "downhill";
import { makeJitted as jit } from "../../../src/engine/runtime/jitted.ts";
import { adam, type GeneralOptimizer, rmsprop, sgd } from "downhill/optim";
import { symmetricEigen } from "../../../src/pictures/landscapes/directions.ts";
import type { Landscape, Point } from "../../../src/pictures/landscapes/landscape.ts";
import { zoo } from "../../../src/pictures/landscapes/zoo.ts";
import type { MapBox } from "../../live/contour-map.ts";
import { type Descent, descentOf } from "../../live/descent.ts";
import { readGround } from "../../live/ground.ts";

/** Number of steps of each method. */
export const terrainSteps = 300;

/** The optimisers to compare, all with the same learning rate. */
const methods: readonly {
  readonly name: string;
  readonly make: (rate: Tensor) => GeneralOptimizer<unknown>;
}[] = [
  { name: "gradient descent", make: (learningRate) => sgd({ learningRate }) },
  { name: "momentum", make: (learningRate) => sgd({ learningRate, momentum: 0.9 }) },
  { name: "RMSProp", make: (learningRate) => rmsprop({ learningRate }) },
  { name: "Adam", make: (learningRate) => adam({ learningRate }) },
];

/** A run with the name of its method. */
export interface NamedRun extends Descent {
  readonly name: string;
}

/** A function of two numbers, with everything that the figure needs. */
export interface Terrain {
  readonly text: string;
  readonly landscape: Landscape;
  readonly box: MapBox;
  readonly runs: (start: Point, rate: number) => readonly NamedRun[];
  /** The least curvature in any direction on the map, and its position. */
  readonly leastCurvature: { readonly value: number; readonly at: Point };
}

/** Landscapes of each kind, with a rate at which the methods differ. */
export const kinds: readonly {
  readonly name: string;
  readonly text: string;
  readonly start: Point;
  readonly rate: number;
}[] = (
  [
    ["convex", "bowl", 0.1],
    ["many minima", "many-minima", 0.1],
    ["plateau", "plateau", 0.1],
    ["saddle", "saddle", 0.02],
    ["monkey saddle", "monkey-saddle", 0.02],
  ] as const
).map(([name, specimen, rate]) => {
  const { definition, start } = zoo[specimen]!;
  return { name, text: String(definition), start, rate };
});

/**
 * Parses a formula.
 *
 * @throws Error if it cannot be parsed, or is not a function of two numbers
 */
export function readTerrain(text: string): Terrain {
  const { landscape, box } = readGround(text);
  const compiled = methods.map(({ name, make }) => ({
    name,
    descend: descentOf<{ rate: number }>(landscape.value, ({ rate }) => make(rate), terrainSteps),
  }));
  return {
    text,
    landscape,
    box,
    runs: (start, rate) => compiled.map(({ name, descend }) => ({ name, ...descend(start, { rate }) })),
    leastCurvature: leastCurvature(landscape, box),
  };
}

const across = 24; // grid points along x at which the curvature is computed
const down = 18;

function leastCurvature({ value }: Landscape, [[x0, x1], [y0, y1]]: MapBox): Terrain["leastCurvature"] {
  const points = Array.from({ length: (across + 1) * (down + 1) }, (_, k): Point => {
    const [i, j] = [k % (across + 1), Math.floor(k / (across + 1))];
    return [x0 + ((x1 - x0) * i) / across, y0 + ((y1 - y0) * j) / down];
  });
  const second = jit(vmap(hessian(value)));
  const all = second(tensor(points.map((point) => [...point]))).tolist() as number[][][];
  const least = all.map((matrix) => symmetricEigen(matrix).values[1]!);
  const where = least.reduce((best, curvature, i) => (curvature < least[best]! ? i : best), 0);
  return { value: least[where]!, at: points[where]! };
}

/**
 * Step after which a run has left its starting region: it is near the lowest value if that is known, else below its
 * start and outside the map. `undefined` if it has not left.
 */
export function leftAt(
  { points, values }: Descent,
  { landscape: { lowest }, box }: Terrain,
): number | undefined {
  const isOut = (point: Point): boolean => point.some((x, i) => x < box[i]![0] || x > box[i]![1]);
  const found =
    lowest === undefined || lowest === -Infinity
      ? values.findIndex((value, t) => value < values[0]! && isOut(points[t]!))
      : values.findIndex((value) => value - lowest <= 1e-2);
  return found < 0 ? undefined : found;
}
