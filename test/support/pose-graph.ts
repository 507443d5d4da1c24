// Reads pose graphs in the g2o format, and states their residuals.
import {
  add,
  cos,
  mul,
  ravel,
  reshape,
  round,
  sin,
  slice,
  stack,
  sub,
  take,
  tensor,
  type Tensor,
} from "downhill";

/** A graph of poses in the plane. */
export interface PlanarGraph {
  /** Start: x, y and angle by pose. */
  readonly poses: number[][];
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** Measured relative poses, by edge. */
  readonly measured: number[][];
  /** Upper triangular factors U of the information matrices, UᵀU, by edge and by rows. */
  readonly roots: number[][];
}

/** Upper triangular U with UᵀU equal to a symmetric matrix, which is given by rows of its upper triangle. */
function upperRoot(upper: readonly number[], n: number): number[] {
  const a = Array.from({ length: n }, () => new Array<number>(n).fill(0));
  let at = 0;
  for (let i = 0; i < n; i++) for (let j = i; j < n; j++) a[i]![j] = a[j]![i] = upper[at++]!;
  const u = Array.from({ length: n }, () => new Array<number>(n).fill(0));
  for (let i = 0; i < n; i++) {
    for (let j = i; j < n; j++) {
      let sum = a[i]![j]!;
      for (let k = 0; k < i; k++) sum -= u[k]![i]! * u[k]![j]!;
      u[i]![j] = i === j ? Math.sqrt(sum) : sum / u[i]![i]!;
    }
  }
  return u.flat();
}

export function readPlanarGraph(text: string): PlanarGraph {
  const graph = { poses: [] as number[][], from: [] as number[], to: [] as number[], measured: [] as number[][], roots: [] as number[][] }; // prettier-ignore
  for (const line of text.split("\n")) {
    const [kind, ...words] = line.trim().split(/\s+/);
    const numbers = words.map(Number);
    if (kind === "VERTEX_SE2") graph.poses.push(numbers.slice(1, 4));
    if (kind !== "EDGE_SE2") continue;
    graph.from.push(numbers[0]!);
    graph.to.push(numbers[1]!);
    graph.measured.push(numbers.slice(2, 5));
    graph.roots.push(upperRoot(numbers.slice(5, 11), 3));
  }
  return { ...graph, from: Int32Array.from(graph.from), to: Int32Array.from(graph.to) };
}

/** Residuals of all edges, three per edge, multiplied by the roots of the information; half their squares are the cost. */
export function planarResiduals({ from, to, measured, roots }: PlanarGraph): (poses: Tensor) => Tensor {
  const column = (rows: number[][], k: number): Tensor =>
    tensor(
      rows.map((row) => row[k]!),
      { dtype: "float64" },
    );
  const [zx, zy, zt] = [0, 1, 2].map((k) => column(measured, k));
  const root = Array.from({ length: 9 }, (_, k) => column(roots, k));
  const [i, j] = [tensor(from), tensor(to)];
  const unit = [1, 0, 0, 0, 1, 0, 0, 0, 1];
  const isWhite = roots.every((rows) => rows.every((x, k) => x === unit[k]));
  return (poses) => {
    const [a, b] = [take(poses, i, { axis: 0 }), take(poses, j, { axis: 0 })];
    const at = (x: Tensor, k: number): Tensor => reshape(slice(x, null, [k, k + 1]), [from.length]);
    const [dx, dy] = [sub(at(b, 0), at(a, 0)), sub(at(b, 1), at(a, 1))];
    const [c, s] = [cos(at(a, 2)), sin(at(a, 2))];
    // the other pose as the first one sees it, less the measured one, turned by its angle
    const ex = sub(add(mul(c, dx), mul(s, dy)), zx!);
    const ey = sub(sub(mul(c, dy), mul(s, dx)), zy!);
    const [zc, zs] = [cos(zt!), sin(zt!)];
    const turned = sub(sub(at(b, 2), at(a, 2)), zt!);
    const angle = sub(turned, mul(2 * Math.PI, round(mul(turned, 1 / (2 * Math.PI)))));
    const e = [add(mul(zc, ex), mul(zs, ey)), sub(mul(zc, ey), mul(zs, ex)), angle];
    if (isWhite) return ravel(stack(e, { axis: 1 }));
    const rows = [0, 1, 2].map((r) =>
      [0, 1, 2]
        .slice(r)
        .map((k) => mul(root[3 * r + k]!, e[k]!))
        .reduce((x, y) => add(x, y)),
    );
    return ravel(stack(rows, { axis: 1 }));
  };
}
