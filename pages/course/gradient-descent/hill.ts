// The landscape of the first figure: a formula, the runs on it, and the theory of their convergence.
import { hessian, type Tensor, tensor } from "downhill";
import { makeJitted as jit } from "../../../src/engine/runtime/jitted.ts";
import { sgd } from "downhill/optim";
import { symmetricEigen } from "../../../src/pictures/landscapes/directions.ts";
import type { Landscape, Point } from "../../../src/pictures/landscapes/landscape.ts";
import { zoo } from "../../../src/pictures/landscapes/zoo.ts";
import type { MapBox } from "../../live/contour-map.ts";
import { type Descent, descentOf } from "../../live/descent.ts";
import { readGround } from "../../live/ground.ts";

/** A function of two numbers, with everything that the figure needs. */
export interface Hill {
  readonly text: string;
  readonly landscape: Landscape;
  readonly box: MapBox;
  readonly descend: (start: Point, settings: { readonly rate: number }) => Descent;
  /** The two eigenvalues of the Hessian at a point, the larger first. */
  readonly curvatures: (at: Point) => readonly number[];
}

/** Number of computed steps. */
export const mostSteps = 60;

/** Example landscapes: the text, its name, a start and a working rate. */
export const examples: readonly {
  readonly name: string;
  readonly text: string;
  readonly start: Point;
  readonly rate: number;
}[] = [
  { name: "Bowl", text: "(x^2 + 3*y^2)/2", start: [-3.2, 2], rate: 0.2 },
  ...(["rosenbrock", "himmelblau", "ravine", "many-minima"] as const).map((name) => {
    const { definition, start, rates } = zoo[name]!;
    return {
      name: name[0]!.toUpperCase() + name.slice(1).replace("-", " "),
      text: String(definition),
      start,
      rate: rates.sgd,
    };
  }),
];

/**
 * Parses a formula.
 *
 * @throws Error if it cannot be parsed, or is not a function of two numbers
 */
export function readHill(text: string): Hill {
  const { landscape, box } = readGround(text);
  const { value } = landscape;
  const second = jit(hessian(value) as (at: Tensor) => Tensor);
  return {
    text,
    landscape,
    box,
    descend: descentOf<{ rate: number }>(value, ({ rate }) => sgd({ learningRate: rate }), mostSteps),
    curvatures: (at) => symmetricEigen(second(tensor([...at])).tolist() as number[][]).values,
  };
}
