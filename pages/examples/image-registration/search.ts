// The search for the window, on pictures that are blurred first: from coarse to fine.
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

/** The blurs of the pyramid, from coarse to fine: standard deviations of Gaussians in pixels. */
export const blurs = [16, 8, 4, 2, 0] as const;

/** The weights of a Gaussian along a side, a row for each pixel; they add up to 1 at the edges too. */
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

/** A picture, blurred by one of {@link blurs}. */
export function blurred(picture: Picture, blur: number): Picture {
  return smear(picture, weights.get(blur)!);
}

/** A part of the pixels: what is blurred has no detail that the others could add. */
interface Sieve {
  /** One of so many is kept, along each side. */
  readonly stride: number;
  readonly lattice: Lattice;
}

function sieveOf(stride: number): Sieve {
  return { stride, lattice: latticeOf(middles.filter((_, i) => i % stride === stride >> 1)) };
}

const sieves = [1, 2, 4].map(sieveOf);
const sieveFor = (blur: number): Sieve => sieves.findLast(({ stride }) => stride <= Math.max(1, blur / 2))!;

/** One of `stride` pixels along each side. */
export function thinned(picture: Picture, stride: number): Picture {
  const range = { start: stride >> 1, step: stride };
  return picture.at(range, range);
}

/** The mean squared difference between the window and the second picture, and the price of bends. */
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

/** Where a search is after an iteration. */
export interface Iterate {
  readonly params: Transformation;
  /** The blur of the pictures that are compared, in pixels. */
  readonly blur: number;
  /** The square root of what is minimised: in grey values. */
  readonly difference: number;
}

let heard: { readonly params: Transformation; readonly value: number }[] = [];
const descend = solver(cost, {
  method: "lbfgs",
  maxIterations: 40,
  gradientTolerance: 1e-5, // in squared grey values for half a side of the picture, which changes nothing that can be seen
  valueTolerance: 1e-5,
  callback: ({ params, value }) => {
    heard.push({ params, value });
  },
});

/** What a search is about. */
export interface Search {
  readonly first: Picture;
  readonly second: Picture;
  readonly kind: Kind;
  readonly start: Pose;
  /** The blur that the search begins with; after it comes each that is less. */
  readonly mostBlur: number;
  /** The price of bends, where the window may bend. */
  readonly stiffness: number;
}

/** Descends on the pictures at each blur, from where it came to at the one before. All iterates; a level begins with the last of the one before. */
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

/** The mean distance between where a transformation puts the places of the window and where they lie, in pixels. */
export function misplacement(params: Transformation, window: Window): number {
  const off = sub(transform(params, probes), placesIn(window, probes));
  return pixelsOf(mean(sqrt(sum(square(off), { axis: 0 }))).item());
}

/** The places on the way of {@link wayOf}: 0 is the start of a search, 1 the window. */
export const shares: readonly number[] = Array.from({ length: 81 }, (_, i) => i / 40 - 0.5);

const sieveOfWays = sieves[1]!;
const differences = jit(
  vmap(
    (share: Tensor, first: Picture, second: Tensor, from: Tensor, to: Tensor) =>
      sqrt(mean(square(sub(sample(first, add(from, mul(share, sub(to, from)))), second)))),
    { inAxes: [0, null, null, null, null] },
  ),
);

/** What lies on the straight way from the start to the window, for pictures of one blur. */
export interface Way {
  readonly blur: number;
  /** The difference at each of {@link shares}, in grey values. */
  readonly differences: readonly number[];
  /** By how much it rises at most on the way from the start to the window, as a part of how far it goes up and down there. */
  readonly climb: number;
}

/** The differences along the way on which every place of the window goes straight from where the start puts it to where it lies. */
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

/** What the window of a transformation shows. */
export function shownBy(params: Transformation, picture: Picture): Picture {
  return sample(picture, transform(params, everyPixel));
}
