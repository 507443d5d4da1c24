import { DownhillError } from "../../../engine/errors/index.ts";
import { leafPaths } from "../../../engine/tree/index.ts";
import { sizeOf } from "../../../engine/util/shape.ts";
import type { Parameters } from "../parameters.ts";
import type { ManifoldMaps } from "./manifolds.ts";

/** Shape of the coordinates of each parameter: its own, or on a manifold one with tangent coordinates on the last axis. */
export function coordinateShapes(
  { tensors }: Parameters,
  maps: readonly (ManifoldMaps | undefined)[],
): readonly (readonly number[])[] {
  return tensors.map(({ shape }, i) =>
    maps[i] === undefined ? shape : [...shape.slice(0, -1), maps[i].tangentSize],
  );
}

/**
 * Indices of the coordinates that paths name, in the list of the coordinates of all parameters. A path names a parameter,
 * a part of the tree, or with further indices a part of a parameter: `camera.f`, `poses[3]`.
 *
 * @throws DownhillError `option` for a path that names nothing.
 */
export function coordinatesAt(
  parameters: Parameters,
  shapes: readonly (readonly number[])[],
  paths: readonly string[],
): readonly number[] {
  const names = leafPaths(parameters.def, "").map((path) => path.replace(/^\./, ""));
  const starts: number[] = [];
  let total = 0;
  for (const shape of shapes) {
    starts.push(total);
    total += sizeOf(shape);
  }
  return paths.flatMap((path) => {
    const found = names.flatMap((name, i) => {
      const part = partNamed(name, path, shapes[i]!);
      return part === undefined
        ? []
        : Array.from({ length: part.count }, (_, k) => starts[i]! + part.from + k);
    });
    if (found.length > 0) return found;
    throw new DownhillError(
      "option",
      `${parameters.operation}: covarianceOf has no parameter ${JSON.stringify(path)}. The parameters are ${names.map((name) => JSON.stringify(name)).join(", ")}; ` +
        "indices of elements may follow, as in w[0].",
    );
  });
}

/** Path that names one coordinate: `coordinatesAt` of it is `[at]`. A vector without a tree is named `x`. */
export function pathOfCoordinate(
  parameters: Parameters,
  shapes: readonly (readonly number[])[],
  at: number,
): string {
  let rest = at;
  for (const [i, path] of leafPaths(parameters.def, "").entries()) {
    const shape = shapes[i]!;
    const size = sizeOf(shape);
    if (rest >= size) {
      rest -= size;
      continue;
    }
    const indices: string[] = [];
    for (const length of shape.toReversed()) {
      indices.unshift(`[${rest % length}]`);
      rest = Math.floor(rest / length);
    }
    return (path.replace(/^\./, "") || "x") + indices.join("");
  }
  return `coordinate ${at}`;
}

/** Elements of a leaf that a path names; `undefined` if it names another leaf or no element. */
function partNamed(
  name: string,
  path: string,
  shape: readonly number[],
): { readonly from: number; readonly count: number } | undefined {
  const rest = name.slice(path.length);
  if (name.startsWith(path) && (path === "" || /^($|[.[])/.test(rest)))
    return { from: 0, count: sizeOf(shape) };
  if (!path.startsWith(name)) return undefined;
  const indices = /^(\[\d+\])+$/.test(path.slice(name.length)) ? path.slice(name.length).match(/\d+/g) : null;
  if (indices === null || indices.length > shape.length) return undefined;
  let [from, count] = [0, sizeOf(shape)];
  for (const [axis, text] of indices.entries()) {
    const index = Number(text);
    if (index >= shape[axis]!) return undefined;
    count /= shape[axis]!;
    from += index * count;
  }
  return { from, count };
}
