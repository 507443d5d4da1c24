import { add, astype } from "../../array/elementwise.ts";
import { concatenate, slice } from "../../array/shape.ts";
import { DownhillError, showType } from "../../../engine/errors/index.ts";
import { Tensor } from "../../../engine/ir/tensor.ts";
import { asTensor } from "../../../engine/prims/lift.ts";
import { broadcastShapes, sameShape, sizeOf } from "../../../engine/util/shape.ts";
import { expandTo } from "../../array/promote.ts";
import { type PerParameter, valuePerParameter } from "../combine/select.ts";
import type { Bound } from "../combine/project-box.ts";
import { pathOf } from "../parameters.ts";
import type { FlatParameters } from "../minimize/problem.ts";
import { length } from "../minimize/project.ts";
import type { SearchSpace } from "../minimize/search-space.ts";
import type { BoxBounds } from "../minimize/walls.ts";
import type { ManifoldMaps } from "./manifolds.ts";

/**
 * Coordinates of the steps that a search may take, in the order of the parameters. A free parameter that moves by
 * addition has one coordinate. A point on a manifold has its tangent coordinates.
 */
export interface StepSpace extends SearchSpace {
  /** Derivatives of the parameters by the coordinates. */
  readonly charts: Charts;
  /** Step with zeros for fixed coordinates, as `moveTraced` takes it. */
  readonly padded: (step: Float64Array) => Float64Array;
}

/**
 * Derivatives of the parameters by the coordinates: parameter p depends on `width[p]` adjacent coordinates from
 * `first[p]` on. The derivatives are at `offset[p]` of the values; an offset below 0 stands for the derivative 1.
 */
export interface Charts {
  /** True if the coordinates are the parameters. */
  readonly isIdentity: boolean;
  /** −1 for a fixed parameter. */
  readonly first: Int32Array;
  readonly width: Int32Array;
  readonly offset: Int32Array;
  readonly values: (x: Float64Array) => Float64Array;
}

/** One parameter (of any shape) within the flat vector. */
interface LeafPlacement {
  /** Index of its first number in the flat vector, and the number of them. */
  readonly from: number;
  readonly size: number;
  readonly maps: ManifoldMaps | undefined;
  /** Number of coordinates of the earlier parameters, counted as if no coordinate were fixed. */
  readonly padded: number;
}

/** Option `fixed`: booleans, arrays of booleans whose shapes broadcast to those of the parameters, or a tree of these. */
export type FixedOption = PerParameter<Tensor | boolean | BooleanArray | undefined>;

/** Nested arrays of booleans. */
export type BooleanArray = readonly (boolean | BooleanArray)[];

/** Finds the offsets of the parameters in the flat vector, and of their coordinates in the list of all coordinates. */
function placeLeaves(
  { parameters }: FlatParameters,
  maps: readonly (ManifoldMaps | undefined)[],
): readonly LeafPlacement[] {
  let [from, padded] = [0, 0];
  return parameters.tensors.map(({ shape }, i) => {
    const placement = { from, size: sizeOf(shape), maps: maps[i], padded };
    from += placement.size;
    padded += maps[i] === undefined ? placement.size : maps[i].count * maps[i].tangentSize;
    return placement;
  });
}

/**
 * Returns `move` as a traceable function, for derivatives. It ignores bounds. Its step is padded: it also has entries
 * for fixed coordinates.
 */
export function moveTraced(
  flat: FlatParameters,
  maps: readonly (ManifoldMaps | undefined)[],
): (x: Tensor, step: Tensor) => Tensor {
  const leaves = placeLeaves(flat, maps);
  if (maps.every((of) => of === undefined)) return (x, step) => add(x, step);
  return (x, step) =>
    concatenate(
      leaves.map(({ from, size, maps: of, padded }) => {
        const points = slice(x, [from, from + size]);
        const count = of === undefined ? size : of.count * of.tangentSize;
        const part = slice(step, [padded, padded + count]);
        return of === undefined ? add(points, part) : of.move(points, part);
      }),
    );
}

/**
 * The space of steps for bounds, fixed parameters and manifolds.
 *
 * @throws DownhillError `tree` or `shape` for `fixed` that does not fit, `option` for bounds of a manifold, and for a point
 * of a manifold that is fixed in part.
 */
export function makeStepSpace(
  flat: FlatParameters,
  walls: BoxBounds,
  given: FixedOption | undefined,
  maps: readonly (ManifoldMaps | undefined)[],
): StepSpace {
  const leaves = placeLeaves(flat, maps);
  const isFixed = readFixed(flat, given);
  const n = isFixed.length;
  const [first, width, offset] = [new Int32Array(n).fill(-1), new Int32Array(n), new Int32Array(n).fill(-1)];
  /** By coordinate: the index in the padded list, and the parameter or −1. */
  const origins: number[] = [];
  const parameterOf: number[] = [];
  let values = 0;
  leaves.forEach(({ from, size, maps: of, padded }, i) => {
    if (of === undefined) {
      for (let p = from; p < from + size; p++) {
        if (isFixed[p] === 1) continue;
        [first[p], width[p]] = [origins.length, 1];
        origins.push(padded + p - from);
        parameterOf.push(p);
      }
      return;
    }
    refuseWalls(flat, i, walls, from, size);
    checkPoints(flat, i, of, from, size);
    for (let element = 0; element < of.count; element++) {
      let p = from + element * of.pointSize;
      const isWhole = isFixedPoint(flat, i, isFixed, p, of.pointSize);
      const start = origins.length;
      if (!isWhole)
        for (let k = 0; k < of.tangentSize; k++) {
          origins.push(padded + element * of.tangentSize + k);
          parameterOf.push(-1);
        }
      let before = 0;
      for (const [points, steps] of of.parts) {
        for (let a = 0; a < points; a++, p++) {
          offset[p] = values;
          values += steps;
          if (!isWhole) [first[p], width[p]] = [start + before, steps];
        }
        before += steps;
      }
    }
  });
  if (origins.length === 0)
    throw new DownhillError("option", `${flat.parameters.operation}: all parameters are fixed.`);
  const hasManifolds = maps.some((of) => of !== undefined);
  const charts: Charts = {
    isIdentity: !hasManifolds && origins.length === n,
    first,
    width,
    offset,
    values: (x) => chartValues(leaves, x, values),
  };
  return assemble(leaves, walls, charts, Int32Array.from(origins), Int32Array.from(parameterOf));
}

/** Derivatives of the points on manifolds by their tangent coordinates, as `Charts` describes. */
function chartValues(leaves: readonly LeafPlacement[], x: Float64Array, total: number): Float64Array {
  const out = new Float64Array(total);
  let at = 0;
  for (const { from, size, maps } of leaves) {
    if (maps === undefined) continue;
    const basis = maps.basis([x.slice(from, from + size)], []);
    for (let element = 0; element < maps.count; element++) {
      let [p, before] = [element * maps.pointSize, 0];
      for (const [points, steps] of maps.parts) {
        for (let a = 0; a < points; a++, p++)
          for (let k = 0; k < steps; k++) out[at++] = basis[before + k]![p]!;
        before += steps;
      }
    }
  }
  return out;
}

function assemble(
  leaves: readonly LeafPlacement[],
  walls: BoxBounds,
  charts: Charts,
  origins: Int32Array,
  parameterOf: Int32Array,
): StepSpace {
  const size = origins.length;
  const paddedSize = leaves.reduce((n, { size: own, maps }) => n + (maps === undefined ? own : maps.count * maps.tangentSize), 0); // prettier-ignore
  const curved = leaves.filter(({ maps }) => maps !== undefined);
  // loops, because `from` and `map` of typed arrays take five times as long
  const byCoordinate = (x: Float64Array, other: number): Float64Array => {
    const out = new Float64Array(size);
    for (let c = 0; c < size; c++) out[c] = parameterOf[c]! < 0 ? other : x[parameterOf[c]!]!;
    return out;
  };
  const padded = (step: Float64Array): Float64Array => {
    const out = new Float64Array(paddedSize);
    for (let c = 0; c < size; c++) out[origins[c]!] = step[c]!;
    return out;
  };
  return {
    size,
    charts,
    padded,
    walls: { low: byCoordinate(walls.low, -Infinity), high: byCoordinate(walls.high, Infinity) },
    positions: (x) => byCoordinate(x, Number.NaN),
    sizes(x) {
      const out = byCoordinate(x, 0).map(Math.abs);
      for (const { from, size: own, maps } of curved)
        for (let p = from; p < from + own; p += maps!.pointSize) {
          const start = charts.first[p]!;
          if (start >= 0)
            out.fill(length(x.subarray(p, p + maps!.pointSize)), start, start + maps!.tangentSize);
        }
      return out;
    },
    move(x, step) {
      const out = x.slice();
      for (let c = 0; c < size; c++) {
        const p = parameterOf[c]!;
        if (p >= 0) out[p] = Math.min(Math.max(x[p]! + step[c]!, walls.low[p]!), walls.high[p]!);
      }
      if (curved.length === 0) return out;
      const steps = padded(step);
      for (const { from, size: own, maps, padded: at } of curved) {
        const part = steps.slice(at, at + maps!.count * maps!.tangentSize);
        const moved = maps!.retract([x.slice(from, from + own), part], [])[0]!;
        for (let i = 0; i < own; i++) if (charts.first[from + i]! >= 0) out[from + i] = moved[i]!;
      }
      return out;
    },
    between(x, y) {
      const all = new Float64Array(curved.length === 0 ? 0 : paddedSize);
      for (const { from, size: own, maps, padded: at } of curved)
        all.set(maps!.local([x.slice(from, from + own), y.slice(from, from + own)], [])[0]!, at);
      const out = new Float64Array(size);
      for (let c = 0; c < size; c++) {
        const p = parameterOf[c]!;
        out[c] = p < 0 ? all[origins[c]!]! : y[p]! - x[p]!;
      }
      return out;
    },
  };
}

function readFixed(flat: FlatParameters, given: FixedOption | undefined): Uint8Array {
  const { parameters } = flat;
  const { operation, tensors } = parameters;
  const out = new Uint8Array(flat.start.length);
  if (given === undefined) return out;
  const isValue = (value: unknown): value is boolean | Tensor | undefined =>
    value === undefined || typeof value === "boolean" || value instanceof Tensor;
  const readLeaf = (value: unknown): Tensor | undefined =>
    Array.isArray(value) ? asTensor(value as never, operation) : undefined;
  let at = 0;
  valuePerParameter(parameters, "fixed", given, isValue, readLeaf).forEach((value, i) => {
    const { shape } = tensors[i]!;
    if (value instanceof Tensor) {
      const common = value.dtype === "bool" ? broadcastShapes(value.shape, shape) : undefined;
      if (common === undefined || !sameShape(common, shape))
        throw new DownhillError(
          "shape",
          `${operation}: fixed is ${showType(value.type)} for ${pathOf(parameters, i)}, which is ${showType(tensors[i]!.type)}. ` +
            "Give a boolean, or booleans of a shape that broadcasts to it.",
        );
      out.set([...expandTo(astype(value, "int32"), shape).data()] as number[], at);
    } else if (value === true) out.fill(1, at, at + sizeOf(shape));
    at += sizeOf(shape);
  });
  return out;
}

/** True if a point of a manifold is fixed. @throws DownhillError `option` if only some of its numbers are fixed. */
function isFixedPoint(
  { parameters }: FlatParameters,
  i: number,
  isFixed: Uint8Array,
  from: number,
  size: number,
): boolean {
  const fixed = isFixed.subarray(from, from + size);
  if (fixed.includes(0) && fixed.includes(1))
    throw new DownhillError(
      "option",
      `${parameters.operation}: fixed holds some numbers of a point of ${pathOf(parameters, i)}, which is on a manifold. Fix all numbers of a point, or none.`,
    );
  return fixed[0] === 1;
}

/** Refuses start points that are on no manifold, such as a quaternion of zeros. */
function checkPoints(flat: FlatParameters, i: number, of: ManifoldMaps, from: number, size: number): void {
  const still = new Float64Array(of.count * of.tangentSize);
  const points = of.retract([flat.start.slice(from, from + size), still], [])[0]!;
  const wrong = points.findIndex((value) => !Number.isFinite(value));
  if (wrong < 0) return;
  const index = flat.parameters.tensors[i]!.ndim === 1 ? "" : ` (point ${Math.floor(wrong / of.pointSize)})`;
  throw new DownhillError(
    "range",
    `${flat.parameters.operation}: ${pathOf(flat.parameters, i)}${index} is no point of its manifold: it cannot be normalised.`,
  );
}

function refuseWalls(
  { parameters }: FlatParameters,
  i: number,
  { low, high }: BoxBounds,
  from: number,
  size: number,
): void {
  for (let p = from; p < from + size; p++) {
    if (low[p] === -Infinity && high[p] === Infinity) continue;
    throw new DownhillError(
      "option",
      `${parameters.operation}: ${pathOf(parameters, i)} is on a manifold, so it cannot have bounds. Give low and high as trees with -Infinity and Infinity there.`,
    );
  }
}

/** Option `scale`. */
export type ScaleOption = Bound;

/**
 * Reads typical sizes, one per coordinate of a space; `undefined` if they are not given.
 *
 * @throws DownhillError `tree` or `shape` for sizes that do not fit, `range` for one that is not above 0.
 */
export function readScale(
  flat: FlatParameters,
  given: ScaleOption | undefined,
  maps: readonly (ManifoldMaps | undefined)[],
  { charts, size }: StepSpace,
): Float64Array | undefined {
  if (given === undefined) return undefined;
  const { parameters } = flat;
  const { operation, tensors } = parameters;
  const isValue = (value: unknown): value is number | Tensor =>
    typeof value === "number" || value instanceof Tensor;
  const readLeaf = (value: unknown): Tensor | undefined =>
    Array.isArray(value) || ArrayBuffer.isView(value) ? asTensor(value as never, operation) : undefined;
  const out = new Float64Array(size);
  const leaves = placeLeaves(flat, maps);
  valuePerParameter<number | Tensor>(parameters, "scale", given, isValue, readLeaf).forEach((value, i) => {
    const of = maps[i];
    const { shape } = tensors[i]!;
    const wanted = of === undefined ? shape : [...shape.slice(0, -1), of.tangentSize];
    const sizes =
      typeof value === "number"
        ? new Array<number>(sizeOf(wanted)).fill(value)
        : broadcastNumbers(value, wanted);
    const wrong = sizes?.find((s) => !(s > 0 && s < Infinity));
    if (sizes === undefined || wrong !== undefined)
      throw new DownhillError(
        sizes === undefined ? "shape" : "range",
        `${operation}: scale of ${pathOf(parameters, i)} must be a finite number above 0, or such numbers of a shape that broadcasts to [${wanted.join(", ")}]` +
          (sizes === undefined ? `, got ${showType((value as Tensor).type)}.` : `, got ${wrong!}.`),
      );
    const { from } = leaves[i]!;
    const [points, steps] = of === undefined ? [1, 1] : [of.pointSize, of.tangentSize];
    for (let element = 0; element < sizes.length / steps; element++) {
      const start = charts.first[from + element * points]!;
      if (start < 0) continue;
      for (let k = 0; k < steps; k++) out[start + k] = sizes[element * steps + k]!;
    }
  });
  return out;
}

function broadcastNumbers(value: Tensor, shape: readonly number[]): readonly number[] | undefined {
  const common = broadcastShapes(value.shape, shape);
  if (common === undefined || !sameShape(common, shape)) return undefined;
  return [...expandTo(astype(value, "float64"), shape).data()] as number[];
}
