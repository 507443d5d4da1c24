import {
  add,
  cos,
  cross,
  at,
  div,
  grad,
  greater,
  jacrev,
  jit,
  mul,
  sin,
  split,
  sqrt,
  stack,
  sub,
  sum,
  vmap,
  where,
} from "downhill";

/** Rotates a point about the axis `r` by the axis's length in radians, by Rodrigues' formula. */
function turned(r, x) {
  const square = sum(r.square());
  const angle = sqrt(square);
  const axis = div(r, angle);
  const along = mul(axis, sum(axis.mul(x)).mul(sub(1, cos(angle))));
  const around = add(x.mul(cos(angle)), cross(axis, x).mul(sin(angle)));
  // where excludes the unselected branch from the derivative, because the root has none at 0
  return where(greater(square, 0), add(around, along), add(x, cross(r, x)));
}

/**
 * Reprojection error of a point [3]. The camera [11] is rotation, centre, focal length, principal point and distortion.
 */
export function reprojection(camera, point, weight, feature) {
  const [rotation, centre, focal, principal, distortion] = split(camera, [3, 6, 7, 9]);
  const seen = turned(rotation, sub(point, centre));
  const u = div(at(seen, { end: 2 }), at(seen, 2));
  const square = sum(u.square());
  const bend = add(1, sum(distortion.mul(stack([square, square.square()]))));
  return mul(weight, add(mul(focal, u).mul(bend), principal).sub(feature));
}

/** Residual of a weight, which should be ±1. */
export const weightError = (weight) => sub(1, weight.square());

/** The residuals of all observations: [p, 2] of the features, [p] of the weights. */
export const residuals = (...observed) => [vmap(reprojection)(...observed), weightError(observed[2])];

/**
 * The blocks of the Jacobian of each observation with respect to its camera [p, 2, 11], point [p, 2, 3] and weight [p,
 * 2], and of its weight's error [p].
 */
export const derivative = jit((cameras, points, weights, features) => [
  ...vmap(jacrev(reprojection, { argnums: [0, 1, 2] }))(cameras, points, weights, features),
  vmap(grad(weightError))(weights),
]);
