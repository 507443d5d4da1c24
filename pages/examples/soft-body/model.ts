// A rubber beam: a mesh of triangles whose positions have the least energy.
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

const [columns, rows] = [13, 5]; // nodes along and across
const size = { width: 3, height: 1 };

/** The corners of the mesh that may be held, by the places of their nodes. */
export const corners = { upper: columns * rows - 1, lower: columns - 1 } as const;
export type Corner = keyof typeof corners;

/** Positions of the nodes at rest, row after row from below. */
export const rest: readonly Point[] = Array.from({ length: rows * columns }, (_, i) => [
  (size.width * (i % columns)) / (columns - 1),
  (size.height * Math.floor(i / columns)) / (rows - 1) - size.height / 2,
]);

/** The corners of each triangle, against the clock; the diagonals alternate so that the mesh prefers neither. */
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

const area = (size.width * size.height) / triangles.length; // of each triangle at rest
const isWall = (place: number): boolean => place % columns === 0;

/** The rubber, and what is done to it. */
export interface Setting {
  /** Where the corners are held that are held. */
  readonly held: Readonly<Partial<Record<Corner, Point>>>;
  /** Resistance to changes of area, in units of the resistance to changes of shape (the shear modulus). */
  readonly bulk: number;
  /** Weight of a unit of area at rest, in the same units. */
  readonly weight: number;
}

/** The beam at rest under what is done to it. */
export interface Shape {
  readonly nodes: readonly Point[];
  /** Elastic energy of a unit of area, for each triangle. */
  readonly energies: readonly number[];
  /** The force that the hand at a held corner must exert. */
  readonly forces: Readonly<Partial<Record<Corner, Point>>>;
  readonly energy: number;
  /** Its area as a part of that at rest. */
  readonly area: number;
  readonly iterations: number;
  readonly converged: boolean;
}

/** The inverses of the matrices whose columns are two edges at rest, a row for each triangle. */
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
 * The elastic energy of a unit of area of each triangle, from the deformation gradient F of each:
 * `(|F|² − 2)/2 − (J − 1) + K·(J − 1)²/2` with J = det F, which is finite for triangles that are turned over too.
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

/** The energy of rubber and weight, where nodes that are not free stand still. */
function energyOf(moved: Tensor, fixed: Tensor, free: Tensor, bulk: Tensor, weight: Tensor): Tensor {
  const nodes = add(fixed, mul(free, moved));
  return add(mul(sum(elastic(nodes, bulk)), area), mul(weight, sum(mul(nodes.at(null, 1), shares))));
}

/** The area that each node carries. */
const shares = rest.map((_, i) => (area / 3) * triangles.filter((triangle) => triangle.includes(i)).length);

const relax = solver(energyOf, { method: "lbfgs", gradientTolerance: 1e-5, maxIterations: 1000 });
/** What the energy would change by if what is fixed were moved: the force that holds it. */
const pull = jit(grad((nodes: Tensor, bulk: Tensor) => mul(sum(elastic(nodes, bulk)), area)));
const energiesOf = jit(elastic);

/** The beam, whose left end is glued to a wall, at rest under what is done to it. */
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

/** Displacements that grow from the wall to the held corners. */
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
