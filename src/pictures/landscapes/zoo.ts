import { add, mul, square, sub, tanh } from "../../numeric/array/elementwise.ts";
import { mean } from "../../numeric/array/reduce.ts";
import { tensor } from "../../numeric/array/create.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { didYouMean } from "../../engine/util/suggest.ts";
import { defineLandscape, type Interval, type Landscape, type Point } from "./landscape.ts";

/** Learning rates at which common optimisers do well on a landscape, found by trial. */
export interface UsualRates {
  readonly sgd: number;
  readonly momentum: number;
  readonly rmsprop: number;
  readonly adam: number;
}

/** Definition of a landscape in the zoo. */
export interface Specimen {
  /** The function, as a text or as a function of tensors. */
  readonly definition: string | ((x: Tensor, y: Tensor) => Tensor);
  /** The function in mathematical notation. */
  readonly formula: string;
  /** One sentence about its difficulty. */
  readonly about: string;
  readonly start: Point;
  readonly domain: readonly Interval[];
  /** Known minima, the lowest first. Default: none. */
  readonly minima?: readonly Point[];
  /** Known stationary points that are not minima. Default: none. */
  readonly saddles?: readonly Point[];
  /** Infimum of the function. */
  readonly lowest: number;
  readonly source: string;
  readonly rates: UsualRates;
}

/** Weights of the teacher of the two-neuron network, and the inputs at which it is evaluated. */
const teacher = [-1, 2] as const;
const asked = [-2.5, -1.5, -0.75, -0.25, 0.25, 0.75, 1.5, 2.5];

/**
 * Returns `mean over u of (tanh xu + tanh yu + tanh u − tanh 2u)²`, the loss of a network of two neurons with the
 * weights x and y.
 */
function twoNeurons(x: Tensor, y: Tensor): Tensor {
  const u = tensor(asked);
  const student = add(tanh(mul(x, u)), tanh(mul(y, u)));
  const [a, b] = teacher;
  return mean(square(sub(student, add(tanh(mul(u, a)), tanh(mul(u, b))))));
}

const specimens: Readonly<Record<string, Specimen>> = {
  bowl: {
    definition: "(x^2 + 2*y^2)/2",
    formula: "½(x² + 2y²)",
    about: "A round bowl: nearly every method walks straight to the bottom.",
    start: [-3, 2],
    domain: [
      [-4, 4],
      [-3, 3],
    ],
    minima: [[0, 0]],
    lowest: 0,
    source: "Quadratic with eigenvalues 1 and 2.",
    rates: { sgd: 0.3, momentum: 0.1, rmsprop: 0.1, adam: 0.3 },
  },
  "narrow-bowl": {
    definition: "(x^2 + 100*y^2)/2",
    formula: "½(x² + 100y²)",
    about:
      "A bowl of condition 100: what is right along one axis is far too much or too little along the other.",
    start: [-10, 1],
    domain: [
      [-12, 6],
      [-2, 2],
    ],
    minima: [[0, 0]],
    lowest: 0,
    source: "Quadratic with eigenvalues 1 and 100.",
    rates: { sgd: 0.0185, momentum: 0.01, rmsprop: 0.1, adam: 0.3 },
  },
  rosenbrock: {
    definition: "(1 - x)^2 + 100*(y - x^2)^2",
    formula: "(1 − x)² + 100(y − x²)²",
    about: "A curved valley: easy to find, and hard to follow to its lowest point.",
    start: [-1.2, 1],
    domain: [
      [-2, 2],
      [-1, 3],
    ],
    minima: [[1, 1]],
    lowest: 0,
    source:
      "Rosenbrock, An automatic method for finding the greatest or least value of a function, The Computer Journal 3, 1960.",
    rates: { sgd: 0.002, momentum: 0.0005, rmsprop: 0.02, adam: 0.1 },
  },
  beale: {
    definition: "(1.5 - x + x*y)^2 + (2.25 - x + x*y^2)^2 + (2.625 - x + x*y^3)^2",
    formula: "(1.5 − x + xy)² + (2.25 − x + xy²)² + (2.625 − x + xy³)²",
    about: "Flat in the middle and steep at the corners.",
    start: [1, 1],
    domain: [
      [-1, 4.5],
      [-1.5, 1.6],
    ],
    minima: [[3, 0.5]],
    saddles: [[0, 1]],
    lowest: 0,
    source:
      "Beale, On an iterative method for finding a local minimum of a function of more than one variable, Princeton 1958; start as in Moré, Garbow, Hillstrom, ACM TOMS 7, 1981, no. 5.",
    rates: { sgd: 0.02, momentum: 0.005, rmsprop: 0.02, adam: 0.1 },
  },
  himmelblau: {
    definition: "(x^2 + y - 11)^2 + (x + y^2 - 7)^2",
    formula: "(x² + y − 11)² + (x + y² − 7)²",
    about: "Four minima, all equally low: where a run ends depends on where it began and how it went.",
    start: [-0.5, -0.75],
    domain: [
      [-5.5, 5.5],
      [-5, 5],
    ],
    minima: [
      [3, 2],
      [-2.805118086952745, 3.131312518250573],
      [-3.779310253377747, -3.283185991286169],
      [3.584428340330492, -1.848126526964404],
    ],
    lowest: 0,
    source: "Himmelblau, Applied nonlinear programming, McGraw-Hill 1972.",
    rates: { sgd: 0.01, momentum: 0.004, rmsprop: 0.05, adam: 0.2 },
  },
  rastrigin: {
    definition: "20 + x^2 + y^2 - 10*(cos(2*pi*x) + cos(2*pi*y))",
    formula: "20 + x² + y² − 10(cos 2πx + cos 2πy)",
    about: "A local minimum beside every point with whole coordinates; the lowest is at the origin.",
    start: [-2.8, 2.3],
    domain: [
      [-4, 4],
      [-3.2, 3.2],
    ],
    minima: [[0, 0]],
    lowest: 0,
    source: "Rastrigin, Systems of extremal control, Nauka 1974, in two coordinates.",
    rates: { sgd: 0.002, momentum: 0.002, rmsprop: 0.03, adam: 0.5 },
  },
  ackley: {
    definition: "20 + e - 20*exp(-0.2*sqrt((x^2 + y^2)/2)) - exp((cos(2*pi*x) + cos(2*pi*y))/2)",
    formula: "20 + e − 20 exp(−0.2 √((x² + y²)/2)) − exp(½(cos 2πx + cos 2πy))",
    about: "A rippled plain with a hole in the middle, pointed at its bottom, where it has no derivative.",
    start: [-2.7, 2.2],
    domain: [
      [-4, 4],
      [-3.2, 3.2],
    ],
    minima: [[0, 0]],
    lowest: 0,
    source: "Ackley, A connectionist machine for genetic hillclimbing, Kluwer 1987, in two coordinates.",
    rates: { sgd: 0.05, momentum: 0.03, rmsprop: 0.03, adam: 0.3 },
  },
  saddle: {
    definition: "x^2 - y^2",
    formula: "x² − y²",
    about: "A mountain pass: flat at the saddle, down without end to both sides of it.",
    start: [-1.5, 0.0001],
    domain: [
      [-2, 2],
      [-1.6, 1.6],
    ],
    saddles: [[0, 0]],
    lowest: -Infinity,
    source: "Plain saddle; the start is a hair beside the line that leads into it.",
    rates: { sgd: 0.05, momentum: 0.05, rmsprop: 0.02, adam: 0.05 },
  },
  "monkey-saddle": {
    definition: "x^3 - 3*x*y^2",
    formula: "x³ − 3xy²",
    about: "Three ways down and three up from a point where the curvature is zero too.",
    start: [1.2, 0.001],
    domain: [
      [-1.8, 1.8],
      [-1.5, 1.5],
    ],
    saddles: [[0, 0]],
    lowest: -Infinity,
    source: "Hilbert, Cohn-Vossen, Anschauliche Geometrie, Springer 1932, section 29 (two legs and a tail).",
    rates: { sgd: 0.02, momentum: 0.02, rmsprop: 0.02, adam: 0.05 },
  },
  plateau: {
    definition: "1 - exp(-(x^2 + y^2)/2)",
    formula: "1 − exp(−(x² + y²)/2)",
    about: "Almost level but for a pit: gradients at the start are 10⁻⁴ and less.",
    start: [-3.6, 2.7],
    domain: [
      [-4.5, 4.5],
      [-3.6, 3.6],
    ],
    minima: [[0, 0]],
    lowest: 0,
    source: "A Gaussian, upside down.",
    rates: { sgd: 0.5, momentum: 0.5, rmsprop: 0.05, adam: 0.1 },
  },
  ravine: {
    definition: "(x - 4)^2/20 + 10*(y - sin(x))^2",
    formula: "(x − 4)²/20 + 10(y − sin x)²",
    about: "A winding ravine: steep walls, and a floor that hardly falls.",
    start: [-4, 2.5],
    domain: [
      [-7, 6],
      [-3, 3.6],
    ],
    minima: [[4, /* @__PURE__ */ Math.sin(4)]],
    lowest: 0,
    source: "A sine wave dug into a gentle slope.",
    rates: { sgd: 0.03, momentum: 0.01, rmsprop: 0.05, adam: 0.2 },
  },
  "many-minima": {
    definition: "(x^2 + y^2)/20 + 0.14*(2 - cos(3*x) - cos(3*y))",
    formula: "(x² + y²)/20 + 0.14(2 − cos 3x − cos 3y)",
    about: "A bowl with ripples: deep enough to hold gradient descent, shallow enough to run across.",
    start: [-5.6, 3.4],
    domain: [
      [-6.4, 6.4],
      [-5, 5],
    ],
    minima: [[0, 0]],
    lowest: 0,
    source:
      "A bowl and two cosines, after Griewank, Journal of Optimization Theory and Applications 34, 1981.",
    rates: { sgd: 0.1, momentum: 0.1, rmsprop: 0.05, adam: 0.3 },
  },
  "two-neurons": {
    definition: twoNeurons,
    formula: "mean over u of (tanh xu + tanh yu + tanh u − tanh 2u)²",
    about:
      "A network of two neurons that may change places: two equal minima, and between them a saddle that equal weights cannot leave.",
    start: [1.9, 1.6],
    domain: [
      [-3, 4],
      [-2.6, 3.2],
    ],
    minima: [
      [-1, 2],
      [2, -1],
    ],
    lowest: 0,
    source: "Two tanh units with output weights 1 that learn from two others at eight inputs.",
    rates: { sgd: 0.2, momentum: 0.1, rmsprop: 0.05, adam: 0.1 },
  },
};

/**
 * Built-in landscapes by name: two-dimensional functions with their known minima, starting points and sources.
 * `findLandscape` creates one of them.
 *
 * @example
 * Object.keys(zoo).includes("himmelblau"); // true
 * zoo.rosenbrock.formula; // "(1 − x)² + 100(y − x²)²"
 */
export const zoo: Readonly<Record<string, Specimen>> = specimens;

/**
 * Returns the landscape of the zoo with the given name.
 *
 * @throws DownhillError `option` for an unknown name; the message suggests the nearest one.
 * @example
 * const { value, minima } = findLandscape("rosenbrock");
 * value(tensor(minima[0])).item(); // 0
 */
export function findLandscape(name: string): Landscape {
  if (arguments.length > 1) refuseExtra("findLandscape", arguments, 1);
  const specimen = Object.hasOwn(specimens, name) ? specimens[name] : undefined;
  if (specimen === undefined) {
    const near = typeof name === "string" ? didYouMean(name, Object.keys(specimens)) : "";
    const all = near === "" ? ` There are ${Object.keys(specimens).join(", ")}.` : near;
    throw new DownhillError("option", `${JSON.stringify(name)} is no landscape of the zoo.${all}`);
  }
  const { definition, formula, about, start, domain, minima = [], saddles = [], lowest, source } = specimen;
  return defineLandscape(definition, {
    name,
    formula,
    about,
    start,
    domain,
    minima,
    saddles,
    lowest,
    source,
  });
}
