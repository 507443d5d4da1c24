// A rubber beam: a triangle mesh with minimal energy.
import {
  add,
  grad,
  jit,
  mul,
  type NestedNumbers,
  square,
  sub,
  sum,
  take,
  type Tensor,
  tensor,
} from "downhill";
import { solver } from "downhill/optim";
import type { Point } from "../../../src/pictures/landscapes/landscape.ts";

const [columns, rows] = [13, 5]; // number of nodes along and across the beam
const size = { width: 3, height: 1 };

/** Node indices of the corners that can be held. */
export const corners = { upper: columns * rows - 1, lower: columns - 1 } as const;
export type Corner = keyof typeof corners;

/** Positions of the nodes at rest, row by row from below. */
export const rest: readonly Point[] = Array.from({ length: rows * columns }, (_, i) => [
  (size.width * (i % columns)) / (columns - 1),
  (size.height * Math.floor(i / columns)) / (rows - 1) - size.height / 2,
]);

/** Corners of each triangle, counterclockwise. The diagonals alternate, so that the mesh has no preferred direction. */
export const triangles: readonly (readonly [number, number, number])[] = Array.from(
  { length: (rows - 1) * (columns - 1) },
  (_, i): (readonly [number, number, number])[] => {
    const [row, column] = [Math.floor(i / (columns - 1)), i % (columns - 1)];
    const a = row * columns + column;
    const [b, c, d] = [a + 1, a + columns + 1, a + columns];
    return (row + column) % 2 === 0
      ? [
          [a, b, c],
          [a, c, d],
        ]
      : [
          [a, b, d],
          [b, c, d],
        ];
  },
).flat();

const area = (size.width * size.height) / triangles.length; // area of each triangle at rest
const isWall = (place: number): boolean => place % columns === 0;

/** Properties of the rubber, and its constraints. */
export interface Setting {
  /** Positions of the held corners. */
  readonly held: Readonly<Partial<Record<Corner, Point>>>;
  /** Bulk modulus in units of the shear modulus. */
  readonly bulk: number;
  /** Weight per unit of area at rest, in units of the shear modulus. */
  readonly weight: number;
}

/** The beam in equilibrium. */
export interface Shape {
  readonly nodes: readonly Point[];
  /** Elastic energy per unit of area, for each triangle. */
  readonly energies: readonly number[];
  /** Force that the hand must exert at each held corner. */
  readonly forces: Readonly<Partial<Record<Corner, Point>>>;
  readonly energy: number;
  /** Area as a fraction of the rest area. */
  readonly area: number;
  readonly iterations: number;
  readonly converged: boolean;
}

/** Inverses of the matrices whose columns are two edges at rest, one row per triangle. */
const inverses = triangles.map(([a, b, c]) => {
  const [p, r] = edge(a, b);
  const [q, s] = edge(a, c);
  const det = p * s - q * r;
  return [s / det, -q / det, -r / det, p / det];
});

function edge(from: number, to: number): readonly [number, number] {
  return [rest[to]![0]! - rest[from]![0]!, rest[to]![1]! - rest[from]![1]!];
}

/**
 * Elastic energy per unit of area of each triangle, from its deformation gradient F: `(|F|² − 2)/2 − (J − 1) + K·(J −
 * 1)²/2` with J = det F. It is finite for inverted triangles too.
 *
 * @see Smith, de Goes, Kim, Stable neo-Hookean flesh simulation, ACM Transactions on Graphics 37, 2018.
 */
function elastic(nodes: Tensor, bulk: Tensor): Tensor {
  const [a, b, c] = [0, 1, 2].map((corner) =>
    take(
      nodes,
      triangles.map((triangle) => triangle[corner]!),
      { axis: 0 },
    ),
  ) as [Tensor, Tensor, Tensor];
  const edges = [sub(b, a), sub(c, a)] as const;
  const column = (i: number): Tensor =>
    add(
      mul(
        edges[0],
        inverses.map((inverse) => [inverse[i]!]),
      ),
      mul(
        edges[1],
        inverses.map((inverse) => [inverse[2 + i]!]),
      ),
    );
  const [u, v] = [column(0), column(1)];
  const growth = sub(sub(mul(u.at(null, 0), v.at(null, 1)), mul(u.at(null, 1), v.at(null, 0))), 1);
  const stretch = sub(sum(add(square(u), square(v)), { axis: 1 }), 2);
  return add(sub(mul(stretch, 0.5), growth), mul(mul(bulk, 0.5), square(growth)));
}

/** Energy of rubber and weight, with the constrained nodes fixed. */
function energyOf(moved: Tensor, fixed: Tensor, free: Tensor, bulk: Tensor, weight: Tensor): Tensor {
  const nodes = add(fixed, mul(free, moved));
  return add(mul(sum(elastic(nodes, bulk)), area), mul(weight, sum(mul(nodes.at(null, 1), shares))));
}

/** Area assigned to each node. */
const shares = rest.map((_, i) => (area / 3) * triangles.filter((triangle) => triangle.includes(i)).length);

const relax = solver(energyOf, { method: "lbfgs", gradientTolerance: 1e-5, maxIterations: 1000 });
/** Gradient of the elastic energy in the node positions: the holding forces at fixed nodes. */
const pull = jit(grad((nodes: Tensor, bulk: Tensor) => mul(sum(elastic(nodes, bulk)), area)));
const energiesOf = jit(elastic);

/** Computes the equilibrium of the beam, whose left end is fixed to a wall. */
export function settle({ held, bulk, weight }: Setting): Shape {
  const places = new Map(
    (Object.keys(held) as Corner[]).map((corner) => [corners[corner], held[corner]!] as const),
  );
  const fixed = rest.map((at, i) => places.get(i) ?? at);
  const free = rest.map((_, i) => [isWall(i) || places.has(i) ? 0 : 1]);
  const material = float64(bulk);
  const { params, value, iterations, converged } = relax(
    float64(firstGuess(held)),
    float64(fixed),
    float64(free),
    material,
    float64(weight),
  );
  const nodes = add(fixed, mul(free, params));
  const forces = pull(nodes, material).tolist() as number[][];
  const load = (i: number): number => weight * shares[i]!;
  return {
    nodes: nodes.tolist() as number[][],
    energies: energiesOf(nodes, material).tolist() as number[],
    forces: Object.fromEntries(
      (Object.keys(held) as Corner[]).map((corner) => {
        const [x, y] = forces[corners[corner]]!;
        return [corner, [x!, y! + load(corners[corner])]];
      }),
    ),
    energy: value,
    area: areaOf(nodes.tolist() as number[][]) / (size.width * size.height),
    iterations,
    converged,
  };
}

/** Displacements that grow linearly from the wall to the held corners. */
function firstGuess(held: Setting["held"]): number[][] {
  const moves = { upper: moveOf(held, "upper"), lower: moveOf(held, "lower") };
  const [upper, lower] = [moves.upper ?? moves.lower ?? [0, 0], moves.lower ?? moves.upper ?? [0, 0]];
  return rest.map(([x, y]) => {
    const along = x! / size.width;
    const up = y! / size.height + 0.5;
    return [0, 1].map((axis) => along * (up * upper[axis]! + (1 - up) * lower[axis]!));
  });
}

function moveOf(held: Setting["held"], corner: Corner): Point | undefined {
  const [x, y] = rest[corners[corner]]! as readonly [number, number];
  const to = held[corner];
  return to && [to[0]! - x, to[1]! - y];
}

function areaOf(nodes: readonly Point[]): number {
  return triangles.reduce((total, [a, b, c]) => {
    const [[ax, ay], [bx, by], [cx, cy]] = [a, b, c].map((i) => nodes[i] as readonly [number, number]) as [
      readonly [number, number],
      readonly [number, number],
      readonly [number, number],
    ];
    return total + ((bx - ax) * (cy - ay) - (cx - ax) * (by - ay)) / 2;
  }, 0);
}

function float64(x: NestedNumbers | number): Tensor {
  return tensor(x, { dtype: "float64" });
}
