// The search for the window on blurred pictures, from coarse to fine.
import {
  add,
  diff,
  jit,
  matmul,
  mean,
  mul,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  tensor,
  transpose,
  vmap,
} from "downhill";
import { solver } from "downhill/optim";
import { middles, type Picture, pixelsOf } from "./picture.ts";
import {
  everyPixel,
  type Kind,
  type Lattice,
  latticeOf,
  placesIn,
  type Pose,
  sample,
  startOf,
  type Transformation,
  transform,
  type Window,
} from "./transformation.ts";

/** Blurs of the pyramid, from coarse to fine: standard deviations of Gaussians in pixels. */
export const blurs = [16, 8, 4, 2, 0] as const;

/** Weights of a Gaussian along one axis, one row per pixel. They sum to 1 also at the edges. */
function weightsOf(blur: number): Tensor {
  const rows = middles.map((_, i) => {
    const row = middles.map((__, j) => (i === j ? 1 : Math.exp(-(((i - j) / blur) ** 2) / 2)));
    const total = row.reduce((all, weight) => all + weight, 0);
    return row.map((weight) => weight / total);
  });
  return tensor(rows);
}

const weights = new Map(blurs.map((blur) => [blur as number, weightsOf(blur)]));
const smear = jit((picture: Picture, along: Tensor) => matmul(matmul(along, picture), transpose(along)));

/** Blurs a picture by one of {@link blurs}. */
export function blurred(picture: Picture, blur: number): Picture {
  return smear(picture, weights.get(blur)!);
}

/** A subset of the pixels. The rest of a blurred picture adds no detail. */
interface Sieve {
  /** Along each axis, one of `stride` pixels is used. */
  readonly stride: number;
  readonly lattice: Lattice;
}

function sieveOf(stride: number): Sieve {
  return { stride, lattice: latticeOf(middles.filter((_, i) => i % stride === stride >> 1)) };
}

const sieves = [1, 2, 4].map(sieveOf);
const sieveFor = (blur: number): Sieve => sieves.findLast(({ stride }) => stride <= Math.max(1, blur / 2))!;

/** Keeps one of `stride` pixels along each axis. */
export function thinned(picture: Picture, stride: number): Picture {
  const range = { start: stride >> 1, step: stride };
  return picture.at(range, range);
}

/** Mean squared difference between the window and the second picture, plus the bending penalty. */
function cost(
  params: Transformation,
  first: Picture,
  second: Tensor,
  lattice: Lattice,
  stiffness: Tensor,
): Tensor {
  const difference = mean(square(sub(sample(first, transform(params, lattice)), second)));
  const { grid } = params;
  if (grid === undefined) return difference;
  const bends = add(sum(square(diff(grid, { axis: 1 }))), sum(square(diff(grid, { axis: 2 }))));
  return add(difference, mul(stiffness, bends));
}

/** State of a search after an iteration. */
export interface Iterate {
  readonly params: Transformation;
  /** Blur of the compared pictures, in pixels. */
  readonly blur: number;
  /** Square root of the minimised cost, in grey values. */
  readonly difference: number;
}

let heard: { readonly params: Transformation; readonly value: number }[] = [];
const descend = solver(cost, {
  method: "lbfgs",
  maxIterations: 40,
  gradientTolerance: 1e-5, // penalty in squared grey values for a shift by half the width; too small to have a visible effect
  valueTolerance: 1e-5,
  callback: ({ params, value }) => {
    heard.push({ params, value });
  },
});

/** Settings of a search. */
export interface Search {
  readonly first: Picture;
  readonly second: Picture;
  readonly kind: Kind;
  readonly start: Pose;
  /** Initial blur. All smaller blurs follow. */
  readonly mostBlur: number;
  /** Weight of the bending penalty, for windows that may bend. */
  readonly stiffness: number;
}

/**
 * Minimises the cost at each blur, starting from the result of the previous one. Returns all iterates; each level
 * starts with the last iterate of the previous level.
 */
export function search({ first, second, kind, start, mostBlur, stiffness }: Search): Iterate[] {
  let params = startOf(kind, start);
  return blurs
    .filter((blur) => blur <= mostBlur)
    .flatMap((blur) => {
      const sieve = sieveFor(blur);
      heard = [];
      const compared = thinned(blurred(second, blur), sieve.stride);
      const found = descend(params, blurred(first, blur), compared, sieve.lattice, tensor(stiffness));
      params = found.params;
      return heard.map(({ params: at, value }) => ({ params: at, blur, difference: Math.sqrt(value) }));
    });
}

const probes = latticeOf(Array.from({ length: 13 }, (_, i) => i / 6 - 1));

/** Mean distance in pixels between the transformed positions of the window and their true positions. */
export function misplacement(params: Transformation, window: Window): number {
  const off = sub(transform(params, probes), placesIn(window, probes));
  return pixelsOf(mean(sqrt(sum(square(off), { axis: 0 }))).item());
}

/** Positions along the path of {@link wayOf}: 0 is the start of a search, 1 the window. */
export const shares: readonly number[] = Array.from({ length: 81 }, (_, i) => i / 40 - 0.5);

const sieveOfWays = sieves[1]!;
const differences = jit(
  vmap(
    (share: Tensor, first: Picture, second: Tensor, from: Tensor, to: Tensor) =>
      sqrt(mean(square(sub(sample(first, add(from, mul(share, sub(to, from)))), second)))),
    { inAxes: [0, null, null, null, null] },
  ),
);

/** Differences along the straight path from the start to the window, for one blur. */
export interface Way {
  readonly blur: number;
  /** The difference at each of {@link shares}, in grey values. */
  readonly differences: readonly number[];
  /** Largest rise on the path from the start to the window, as a fraction of the range of the differences. */
  readonly climb: number;
}

/**
 * For each blur, the differences of the pictures along the path on which every point of the window moves straight from
 * its start to its true position. Also the largest rise of the differences along it.
 */
export function wayOf(first: Picture, second: Picture, start: Pose, window: Window): Way[] {
  const { lattice } = sieveOfWays;
  const ends = [transform(startOf("rigid", start), lattice), placesIn(window, lattice)] as const;
  return blurs.map((blur) => {
    const compared = thinned(blurred(second, blur), sieveOfWays.stride);
    const values = differences(tensor(shares), blurred(first, blur), compared, ...ends).tolist() as number[];
    const between = values.filter((_, i) => shares[i]! >= 0 && shares[i]! <= 1);
    let lowest = Infinity;
    const rises = between.map((value) => value - (lowest = Math.min(lowest, value)));
    return {
      blur,
      differences: values,
      climb: Math.max(...rises) / (Math.max(...between) - Math.min(...between) || 1),
    };
  });
}

/** Content of the window of a transformation. */
export function shownBy(params: Transformation, picture: Picture): Picture {
  return sample(picture, transform(params, everyPixel));
}
