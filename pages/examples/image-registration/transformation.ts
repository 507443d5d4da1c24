// Windows into a picture: how they are turned, stretched and bent, and what is seen in them.
import {
  add,
  astype,
  clip,
  cos,
  floor,
  jit,
  matmul,
  mul,
  neg,
  reshape,
  sin,
  stack,
  sub,
  take,
  type Tensor,
  tensor,
  transpose,
  zeros,
} from "downhill";
import * as random from "downhill/random";
import { middles, type Picture, side } from "./picture.ts";

/** What a window may do: turn and move; be stretched and sheared as well; bend too. */
export const kinds = ["rigid", "affine", "smooth"] as const;
export type Kind = (typeof kinds)[number];

/** How a window lies in a picture: its centre, and its turn in radians against the clock. */
export interface Pose {
  readonly x: number;
  readonly y: number;
  readonly turn: number;
}

/** The window that the second picture shows. */
export interface Window extends Pose {
  /** Its sides, as a part of those of the first picture. */
  readonly size: number;
  /** How far waves displace its points along each axis, at most. */
  readonly bend: number;
}

/** The numbers that say where each place of the window lies in the first picture. */
export interface Transformation {
  /** The centre, [2]. */
  readonly shift: Tensor;
  /** In radians; of a rigid transformation. */
  readonly turn?: Tensor;
  /** [2, 2]; of the others. */
  readonly matrix?: Tensor;
  /** Displacements of the control points of a coarse grid, [2, rows, columns]; of a smooth one. */
  readonly grid?: Tensor;
}

const cells = 4; // of the coarse grid, along each side of the window
/** Control points along each side: of cubic B-splines over so many cells. */
const controls = cells + 3;

/** The values of the B-splines of all control points at a place from −1 to 1. */
function splinesAt(place: number): number[] {
  return Array.from({ length: controls }, (_, k) => {
    const t = Math.abs(((place + 1) / 2) * cells + 1 - k);
    if (t < 1) return 2 / 3 - t ** 2 + t ** 3 / 2;
    return t < 2 ? (2 - t) ** 3 / 6 : 0;
  });
}

/** The places with one of some xs and one of some ys. */
export interface Lattice {
  /** [2, rows, columns]: x, then y. */
  readonly places: Tensor;
  /** The B-splines at each column and at each row, [columns, controls] and [rows, controls]. */
  readonly alongX: Tensor;
  readonly alongY: Tensor;
}

/** The lattice with the same numbers along both axes. */
export function latticeOf(along: readonly number[]): Lattice {
  const splines = tensor(along.map(splinesAt));
  const places = [along.map(() => along), along.map((y) => along.map(() => y))];
  return { places: tensor(places, { dtype: "float64" }), alongX: splines, alongY: splines };
}

/** Where the places of a lattice in the window lie in the first picture, [2, rows, columns]. */
export function transform(
  { shift, turn, matrix, grid }: Transformation,
  { places, alongX, alongY }: Lattice,
): Tensor {
  const moved = moveBy(matrix ?? rotation(turn ?? 0), shift, places);
  // displaced as a free-form deformation: Rueckert et al., IEEE Transactions on Medical Imaging 18, 1999
  return grid === undefined ? moved : add(moved, matmul(matmul(alongY, grid), transpose(alongX)));
}

function moveBy(matrix: Tensor, shift: Tensor, places: Tensor): Tensor {
  const turned = reshape(matmul(matrix, reshape(places, [2, -1])), places.shape);
  return add(turned, reshape(shift, [2, 1, 1]));
}

function rotation(turn: Tensor | number): Tensor {
  const [c, s] = [cos(turn), sin(turn)];
  return reshape(stack([c, neg(s), s, c]), [2, 2]);
}

/** The transformation of a kind that puts the window, as large as the picture, into a pose. */
export function startOf(kind: Kind, { x, y, turn: angle }: Pose): Transformation {
  const shift = tensor([x, y], { dtype: "float64" });
  const turn = tensor(angle, { dtype: "float64" });
  if (kind === "rigid") return { shift, turn };
  const affine = { shift, matrix: rotation(turn) };
  return kind === "affine"
    ? affine
    : { ...affine, grid: zeros([2, controls, controls], { dtype: "float64" }) };
}

/** Where the places of a lattice in the window that the second picture shows lie in the first one. */
export function placesIn({ x, y, turn, size, bend }: Window, { places }: Lattice): Tensor {
  const [across, up] = [places.at(0), places.at(1)];
  const waves = stack([sin(add(mul(3, up), mul(2, across))), cos(sub(mul(3, across), up))]);
  return add(moveBy(mul(size, rotation(turn)), tensor([x, y]), places), mul(bend, waves));
}

/** The grey values of a picture at places [2, …]: in between those of the four pixels around, and beyond its edge as at the edge. */
export function sample(picture: Picture, places: Tensor): Tensor {
  const pixels = reshape(picture, [-1]);
  const [column, row] = [0, 1].map((axis) =>
    clip(sub(mul(add(places.at(axis), 1), side / 2), 0.5), 0, side - 1),
  ) as [Tensor, Tensor];
  const [left, below] = [column, row].map((at) => clip(floor(at), 0, side - 2)) as [Tensor, Tensor];
  const at = (right: number, up: number): Tensor =>
    take(pixels, astype(add(mul(add(below, up), side), add(left, right)), "int32"));
  const between = (a: Tensor, b: Tensor, share: Tensor): Tensor => add(a, mul(share, sub(b, a)));
  const across = sub(column, left);
  return between(between(at(0, 0), at(1, 0), across), between(at(0, 1), at(1, 1), across), sub(row, below));
}

/** What is seen at places of a picture, compiled. */
const seen = jit(sample);

/** The places of all pixels. */
export const everyPixel = latticeOf(middles);

/** The second picture: what a window into the first shows, with normal errors of a standard deviation. */
export function copyOf(picture: Picture, window: Window, noise: number, seed: number): Picture {
  const errors = random.normal(random.key(seed), [side, side], { dtype: "float64" });
  return add(seen(picture, placesIn(window, everyPixel)), mul(noise, errors));
}
