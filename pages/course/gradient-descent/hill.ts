// The landscape of the first figure: a formula, the runs on it, and what theory says where a run ends.
import { hessian, type Tensor, tensor } from "downhill";
import { makeJitted as jit } from "../../../src/engine/runtime/jitted.ts";
import { sgd } from "downhill/optim";
import { symmetricEigen } from "../../../src/pictures/landscapes/directions.ts";
import type { Landscape, Point } from "../../../src/pictures/landscapes/landscape.ts";
import { zoo } from "../../../src/pictures/landscapes/zoo.ts";
import type { MapBox } from "../../live/contour-map.ts";
import { type Descent, descentOf } from "../../live/descent.ts";
import { readGround } from "../../live/ground.ts";

/** A function of two numbers, with everything that the figure asks of it. */
export interface Hill {
  readonly text: string;
  readonly landscape: Landscape;
  readonly box: MapBox;
  readonly descend: (start: Point, settings: { readonly rate: number }) => Descent;
  /** The two eigenvalues of the Hessian at a point, the larger first. */
  readonly curvatures: (at: Point) => readonly number[];
}

/** How many steps are computed. */
export const mostSteps = 60;

/** Landscapes to begin with: the text, its name, a start and a rate that works. */
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
 * Reads a formula.
 *
 * @throws Error where it cannot be read, or is no function of two numbers
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
