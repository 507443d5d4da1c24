import { zeros } from "../../array/create.ts";
import {
  add,
  atan2,
  cos,
  div,
  less,
  mul,
  neg,
  sin,
  sqrt,
  square,
  sub,
  where,
} from "../../array/elementwise.ts";
import { sum } from "../../array/reduce.ts";
import { broadcastTo, concatenate, ravel, reshape, slice } from "../../array/shape.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import { Tensor } from "../../../engine/ir/tensor.ts";
import { jvp, vmap } from "../../../engine/transforms/index.ts";
import { type PerParameter, valuePerParameter } from "../combine/select.ts";
import { pathOf } from "../parameters.ts";
import { type FlatParameters, type NumericVectorFunction, onNumbers } from "../minimize/problem.ts";

/** Manifolds that are built in. */
export type ManifoldName = "so3" | "se3" | "sphere";

/** A manifold on which parameters move: vectors along the last axis of a parameter. */
export interface Manifold {
  /** Number of coordinates of a step. */
  readonly tangentSize: number;
  /** Point that the step leads to, for one point and one step as vectors. A step of zeros leads to the point itself. */
  readonly retract: (x: Tensor, step: Tensor) => Tensor;
  /** Step from x to y, so that `retract(x, local(x, y))` is y. */
  readonly local: (x: Tensor, y: Tensor) => Tensor;
}

/** A manifold for points of a given size. */
interface SizedManifold extends Manifold {
  readonly name: string;
  /**
   * Successive parts into which a point and a step are divided, by their lengths. To first order, each part of the
   * point depends only on the corresponding part of the step.
   */
  readonly parts: readonly (readonly [point: number, step: number])[];
}

/** Computations on all points of one parameter that is on a manifold. */
export interface ManifoldMaps {
  readonly count: number;
  readonly pointSize: number;
  readonly tangentSize: number;
  readonly parts: SizedManifold["parts"];
  /** Moves points along steps and returns the new points; each argument is one vector. */
  readonly move: (x: Tensor, steps: Tensor) => Tensor;
  readonly retract: NumericVectorFunction;
  /** Returns the steps that lead from the first points to the second. */
  readonly local: NumericVectorFunction;
  /**
   * Returns the derivatives of `retract` at the given points and steps of zeros: one vector per coordinate of a step.
   */
  readonly basis: NumericVectorFunction;
}

/** The `count` components of a vector from i on, as a vector. */
const part = (x: Tensor, i: number, count = 1): Tensor => slice(x, [i, i + count]);

/** Quaternion product of (w, x, y, z). */
function multiplyQuaternions(p: Tensor, q: Tensor): Tensor {
  const [a, u] = [part(p, 0), part(p, 1, 3)];
  const [b, v] = [part(q, 0), part(q, 1, 3)];
  return concatenate([
    sub(mul(a, b), sum(mul(u, v))),
    add(add(mul(broadcastTo(a, [3]), v), mul(broadcastTo(b, [3]), u)), cross(u, v)),
  ]);
}

function cross(u: Tensor, v: Tensor): Tensor {
  const [a, b, c] = [part(u, 0), part(u, 1), part(u, 2)];
  const [d, e, f] = [part(v, 0), part(v, 1), part(v, 2)];
  return concatenate([sub(mul(b, f), mul(c, e)), sub(mul(c, d), mul(a, f)), sub(mul(a, e), mul(b, d))]);
}

/** The vector v rotated by a unit quaternion: v + 2w (u × v) + 2 u × (u × v). */
function rotate(q: Tensor, v: Tensor): Tensor {
  const [w, u] = [part(q, 0), part(q, 1, 3)];
  const once = mul(2, cross(u, v));
  return add(add(v, mul(broadcastTo(w, [3]), once)), cross(u, once));
}

function conjugate(q: Tensor): Tensor {
  return concatenate([part(q, 0), neg(part(q, 1, 3))]);
}

function normalised(x: Tensor): Tensor {
  return div(x, sqrt(sum(square(x))));
}

/** Square of an angle below which power series replace formulas that divide by it. */
const smallSquare = 1e-4;

/**
 * A function of the square of an angle: a power series below `smallSquare` and a formula of the angle above it, so that
 * its derivatives at 0 exist.
 */
function ofSquare(
  s: Tensor,
  series: readonly [number, number, number],
  formula: (angle: Tensor) => Tensor,
): Tensor {
  const isSmall = less(s, smallSquare);
  const near = add(series[0], mul(s, add(series[1], mul(s, series[2]))));
  return where(isSmall, near, formula(sqrt(where(isSmall, 1, s))));
}

/** Unit quaternion of a rotation vector in radians. */
function quaternionOf(rotation: Tensor): Tensor {
  const s = sum(square(rotation));
  const w = ofSquare(s, [1, -1 / 8, 1 / 384], (t) => cos(div(t, 2)));
  const factor = ofSquare(s, [1 / 2, -1 / 48, 1 / 3840], (t) => div(sin(div(t, 2)), t));
  return concatenate([reshape(w, [1]), mul(factor, rotation)]);
}

/** Rotation vector of a unit quaternion, at most π long. */
function rotationOf(q: Tensor): Tensor {
  const isFlipped = less(part(q, 0), 0);
  const w = where(isFlipped, neg(part(q, 0)), part(q, 0));
  const v = where(broadcastTo(isFlipped, [3]), neg(part(q, 1, 3)), part(q, 1, 3));
  const s = sum(square(v));
  const isSmall = less(s, 1e-24);
  const size = sqrt(where(isSmall, 1, s));
  const factor = where(isSmall, 2, div(mul(2, atan2(size, reshape(w, []))), size));
  return mul(factor, v);
}

const so3: SizedManifold = {
  name: "so3",
  tangentSize: 3,
  parts: [[4, 3]],
  retract: (x, step) => normalised(multiplyQuaternions(x, quaternionOf(step))),
  local: (x, y) => rotationOf(multiplyQuaternions(conjugate(x), y)),
};

/** Coefficients of u × and u × u × in the matrix V that maps ρ to the translation of exp(ρ, u), by the squared angle. */
function translationFactors(s: Tensor): readonly [Tensor, Tensor] {
  return [
    ofSquare(s, [1 / 2, -1 / 24, 1 / 720], (t) => div(sub(1, cos(t)), square(t))),
    ofSquare(s, [1 / 6, -1 / 120, 1 / 5040], (t) => div(sub(t, sin(t)), mul(t, square(t)))),
  ];
}

const se3: SizedManifold = {
  name: "se3",
  tangentSize: 6,
  parts: [
    [3, 3],
    [4, 3],
  ],
  retract(x, step) {
    const [t, q] = [part(x, 0, 3), normalised(part(x, 3, 4))];
    const [rho, u] = [part(step, 0, 3), part(step, 3, 3)];
    const [a, b] = translationFactors(sum(square(u)));
    const once = cross(u, rho);
    const translation = add(add(rho, mul(a, once)), mul(b, cross(u, once)));
    return concatenate([add(t, rotate(q, translation)), so3.retract(q, u)]);
  },
  local(x, y) {
    const q = part(x, 3, 4);
    const u = so3.local(q, part(y, 3, 4));
    const translation = rotate(conjugate(q), sub(part(y, 0, 3), part(x, 0, 3)));
    // V⁻¹ = 1 − u×/2 + c u×u×, with c = (1 − θ sin θ / (2 (1 − cos θ)))/θ²
    const s = sum(square(u));
    const c = ofSquare(s, [1 / 12, 1 / 720, 1 / 30240], (t) =>
      div(sub(1, div(mul(t, sin(t)), mul(2, sub(1, cos(t))))), square(t)),
    );
    const once = cross(u, translation);
    return concatenate([add(sub(translation, mul(0.5, once)), mul(c, cross(u, once))), u]);
  },
};

/**
 * Unit vectors of n numbers. The tangent basis at x consists of the first n − 1 columns of the reflection that maps x to
 * a multiple of the last unit vector.
 */
function sphere(n: number): SizedManifold {
  const last = (x: Tensor): Tensor => part(x, n - 1);
  /** H y, where H is the reflection. */
  const reflect = (x: Tensor, y: Tensor): Tensor => {
    const towards = where(less(last(x), 0), -1, 1);
    const v = concatenate([part(x, 0, n - 1), add(last(x), towards)]);
    return sub(y, mul(v, div(mul(2, sum(mul(v, y))), sum(square(v)))));
  };
  return {
    name: "sphere",
    tangentSize: n - 1,
    parts: [[n, n - 1]],
    retract(x, step) {
      const s = sum(square(step));
      const unit = normalised(x);
      const direction = reflect(unit, concatenate([step, zeros([1], { dtype: "float64" })]));
      const along = ofSquare(s, [1, -1 / 2, 1 / 24], cos);
      const across = ofSquare(s, [1, -1 / 6, 1 / 120], (t) => div(sin(t), t));
      return normalised(add(mul(along, unit), mul(across, direction)));
    },
    local(x, y) {
      const cosine = sum(mul(x, y));
      const rest = part(reflect(x, sub(y, mul(cosine, x))), 0, n - 1);
      const s = sum(square(rest));
      const isSmall = less(s, 1e-24);
      const sine = sqrt(where(isSmall, 1, s));
      return mul(where(isSmall, 1, div(atan2(sine, cosine), sine)), rest);
    },
  };
}

/** Option `manifolds`: a manifold per parameter; `null` or nothing for parameters that move by addition. */
export type ManifoldOption = PerParameter<ManifoldName | Manifold | null | undefined>;

/**
 * Reads the option `manifolds`, and prepares the computations of each parameter that is on a manifold; `undefined` for
 * other parameters.
 *
 * @throws DownhillError `tree` for another structure, `option` for a value that is no manifold, `shape` for a parameter
 *   whose last axis has another size than the points.
 */
export function readManifolds(
  flat: FlatParameters,
  given: ManifoldOption | undefined,
  compiled: boolean,
): readonly (ManifoldMaps | undefined)[] {
  const { parameters } = flat;
  if (given === undefined) return parameters.tensors.map(() => undefined);
  const chosen = valuePerParameter(parameters, "manifolds", given, isManifold);
  return chosen.map((manifold, i) =>
    manifold === undefined || manifold === null ? undefined : mapsOf(flat, i, manifold, compiled),
  );
}

function isManifold(value: unknown): value is ManifoldName | Manifold | null | undefined {
  if (value === undefined || value === null || typeof value === "string") return true;
  return typeof value === "object" && "retract" in value && typeof value.retract === "function";
}

function mapsOf(
  { parameters }: FlatParameters,
  i: number,
  given: ManifoldName | Manifold,
  compiled: boolean,
): ManifoldMaps {
  const { operation } = parameters;
  const { shape } = parameters.tensors[i]!;
  const path = pathOf(parameters, i);
  const n = shape.at(-1);
  if (n === undefined)
    throw new DownhillError("shape", `${operation}: ${path} is a scalar; points of a manifold are vectors.`);
  const manifold = sized(operation, path, given, n);
  const { tangentSize: t, parts } = manifold;
  const count = shape.slice(0, -1).reduce((product, size) => product * size, 1);
  const points = (x: Tensor): Tensor => reshape(x, [count, n]);
  const steps = (x: Tensor): Tensor => reshape(x, [count, t]);
  const checked =
    (f: (x: Tensor, y: Tensor) => Tensor, name: string, size: number) =>
    (x: Tensor, y: Tensor): Tensor => {
      const out: unknown = f(x, y);
      if (out instanceof Tensor && out.ndim === 1 && out.shape[0] === size) return out;
      throw new DownhillError("shape", `${operation}: ${name} of the manifold of ${path} must return a vector of ${size} numbers.`); // prettier-ignore
    };
  const retract = checked(manifold.retract, "retract", n);
  const local = checked(manifold.local, "local", t);
  const move = (x: Tensor, step: Tensor): Tensor => ravel(vmap(retract)(points(x), steps(step)));
  return {
    count,
    pointSize: n,
    tangentSize: t,
    parts,
    move,
    retract: onNumbers((x: Tensor, step: Tensor) => [move(x, step)], compiled),
    local: onNumbers((x: Tensor, y: Tensor) => [ravel(vmap(local)(points(x), points(y)))], compiled),
    basis: onNumbers((x: Tensor) => {
      const still = zeros([count * t], { dtype: "float64" });
      return Array.from({ length: t }, (_, k) => {
        const unit = Array.from({ length: count * t }, (__, j) => (j % t === k ? 1 : 0));
        return jvp((step: Tensor) => move(x, step), [still], [Float64Array.from(unit)])[1];
      });
    }, compiled),
  };
}

function sized(operation: string, path: string, given: ManifoldName | Manifold, n: number): SizedManifold {
  if (typeof given === "object") {
    const { tangentSize } = given;
    if (!(Number.isInteger(tangentSize) && tangentSize > 0) || typeof given.local !== "function")
      throw new DownhillError(
        "option",
        `${operation}: the manifold of ${path} needs tangentSize, an integer above 0, and the functions retract and local.`,
      );
    return { ...given, name: "manifold", parts: [[n, tangentSize]] };
  }
  const sizes: Readonly<Record<ManifoldName, number | undefined>> = { so3: 4, se3: 7, sphere: undefined };
  if (!Object.hasOwn(sizes, given))
    throw new DownhillError(
      "option",
      `${operation}: the manifold of ${path} must be so3, se3, sphere or { tangentSize, retract, local }, got ${JSON.stringify(given)}.`,
    );
  const size = sizes[given];
  if (size !== undefined && n !== size)
    throw new DownhillError(
      "shape",
      `${operation}: points of ${given} are vectors of ${size} numbers, but the last axis of ${path} has ${n}.`,
    );
  if (given === "sphere" && n < 2)
    throw new DownhillError("shape", `${operation}: points of sphere have at least 2 numbers, but the last axis of ${path} has ${n}.`); // prettier-ignore
  return given === "so3" ? so3 : given === "se3" ? se3 : sphere(n);
}
