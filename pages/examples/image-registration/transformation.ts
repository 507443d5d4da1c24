// Windows into a picture: their rotation, stretching and bending, and their content.
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

/** Kinds of transformations: rotation and translation; also stretching and shear; also bending. */
export const kinds = ["rigid", "affine", "smooth"] as const;
export type Kind = (typeof kinds)[number];

/** Position of a window in a picture: its centre, and its counterclockwise rotation in radians. */
export interface Pose {
  readonly x: number;
  readonly y: number;
  readonly turn: number;
}

/** The window shown by the second picture. */
export interface Window extends Pose {
  /** Side length as a fraction of that of the first picture. */
  readonly size: number;
  /** Maximum displacement of its points by waves, along each axis. */
  readonly bend: number;
}

/** Parameters that map each point of the window to the first picture. */
export interface Transformation {
  /** Centre, [2]. */
  readonly shift: Tensor;
  /** Rotation in radians; only of a rigid transformation. */
  readonly turn?: Tensor;
  /** Linear map [2, 2]; of all transformations that are not rigid. */
  readonly matrix?: Tensor;
  /** Displacements of the control points of a coarse grid, [2, rows, columns]; only of a smooth transformation. */
  readonly grid?: Tensor;
}

const cells = 4; // cells of the coarse grid along each side of the window
/** Number of control points along each axis, for cubic B-splines over `cells` cells. */
const controls = cells + 3;

/** Values of the B-splines of all control points at a position from −1 to 1. */
function splinesAt(place: number): number[] {
  return Array.from({ length: controls }, (_, k) => {
    const t = Math.abs(((place + 1) / 2) * cells + 1 - k);
    if (t < 1) return 2 / 3 - t ** 2 + t ** 3 / 2;
    return t < 2 ? (2 - t) ** 3 / 6 : 0;
  });
}

/** A rectangular lattice of points. */
export interface Lattice {
  /** Coordinates, [2, rows, columns]: x, then y. */
  readonly places: Tensor;
  /** The B-splines at each column and at each row, [columns, controls] and [rows, controls]. */
  readonly alongX: Tensor;
  readonly alongY: Tensor;
}

/** The lattice with the same coordinates along both axes. */
export function latticeOf(along: readonly number[]): Lattice {
  const splines = tensor(along.map(splinesAt));
  const places = [along.map(() => along), along.map((y) => along.map(() => y))];
  return { places: tensor(places, { dtype: "float64" }), alongX: splines, alongY: splines };
}

/** Maps the points of a lattice in the window to the first picture, [2, rows, columns]. */
export function transform(
  { shift, turn, matrix, grid }: Transformation,
  { places, alongX, alongY }: Lattice,
): Tensor {
  const moved = moveBy(matrix ?? rotation(turn ?? 0), shift, places);
  // Displacement by a free-form deformation: Rueckert et al., IEEE Transactions on Medical Imaging 18, 1999.
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

/** The transformation of a kind that moves a window with the size of the picture to a pose. */
export function startOf(kind: Kind, { x, y, turn: angle }: Pose): Transformation {
  const shift = tensor([x, y], { dtype: "float64" });
  const turn = tensor(angle, { dtype: "float64" });
  if (kind === "rigid") return { shift, turn };
  const affine = { shift, matrix: rotation(turn) };
  return kind === "affine"
    ? affine
    : { ...affine, grid: zeros([2, controls, controls], { dtype: "float64" }) };
}

/** True positions in the first picture of the lattice points of the second picture's window. */
export function placesIn({ x, y, turn, size, bend }: Window, { places }: Lattice): Tensor {
  const [across, up] = [places.at(0), places.at(1)];
  const waves = stack([sin(add(mul(3, up), mul(2, across))), cos(sub(mul(3, across), up))]);
  return add(moveBy(mul(size, rotation(turn)), tensor([x, y]), places), mul(bend, waves));
}

/** Bilinear interpolation of a picture at positions [2, …]. Positions beyond the edge are moved to the edge. */
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

/** Compiled interpolation of a picture. */
const seen = jit(sample);

/** Positions of all pixels. */
export const everyPixel = latticeOf(middles);

/**
 * Creates the second picture: the content of a window into the first, with normal errors of the given standard
 * deviation.
 */
export function copyOf(picture: Picture, window: Window, noise: number, seed: number): Picture {
  const errors = random.normal(random.key(seed), [side, side], { dtype: "float64" });
  return add(seen(picture, placesIn(window, everyPixel)), mul(noise, errors));
}
