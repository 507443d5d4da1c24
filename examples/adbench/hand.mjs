import {
  add,
  at,
  concatenate,
  cos,
  cross,
  div,
  einsum,
  jacfwd,
  jit,
  jvp,
  less,
  matmul,
  mul,
  ones,
  setAt,
  sin,
  sqrt,
  stack,
  sub,
  sum,
  where,
  zeros,
} from "downhill";

/** Rotations [bones, 4, 4] about x by `tx` and then about z by `tz`, in radians. */
function rotations(tx, tz) {
  const [cx, sx, cz, sz] = [cos(tx), sin(tx), cos(tz), sin(tz)];
  const [none, all] = [zeros(tx.shape), ones(tx.shape)];
  const rows = [
    [cz, mul(sz, cx).neg(), mul(sz, sx), none],
    [sz, mul(cz, cx), mul(cz, sx).neg(), none],
    [none, sx, cx, none],
    [none, none, none, all],
  ];
  return stack(
    rows.map((row) => stack(row, { axis: 1 })),
    { axis: 1 },
  );
}

/** Rotates points [n, 3] about the axis `r` by the axis's length in radians. Angles below 1e-4 are ignored. */
function turned(r, x) {
  const angle = sqrt(sum(r.square()));
  const axis = div(r, angle);
  const along = mul(
    axis,
    x
      .mul(axis)
      .sum(1, { keepdims: true })
      .mul(sub(1, cos(angle))),
  );
  const around = add(x.mul(cos(angle)), cross(axis, x).mul(sin(angle)));
  return where(less(angle, 1e-4), x, add(around, along));
}

/**
 * Indices in `theta` of the angles about x and z of each bone's joint. The first joint of the five fingers bends two
 * ways, the next two joints one way.
 */
const fingers = [0, 1, 2, 3, 4];
const joints = fingers.flatMap((finger) => [2, 3, 4].map((bone) => 4 * finger + bone));
const aboutX = fingers.flatMap((finger) => [6, 8, 9].map((place) => 4 * finger + place));
const [firstJoints, aboutZ] = [fingers.map((i) => 4 * i + 2), fingers.map((i) => 4 * i + 7)];

/**
 * Builds the objectives of a hand, and their Jacobians. `parents` are the indices of the bones' parents, which come
 * first; that of the root is −1. The matrices `relatives` and `inverses` are [bones, 4, 4]. `vertices` [v, 3] are
 * attached to bones by `weights` [v, bones].
 */
export function handOf({ parents, relatives, inverses, vertices, weights }) {
  /** Transformations of the bones: [bones, 4, 4]. */
  function skin(theta) {
    const still = zeros([parents.length]);
    const tx = setAt(still, theta.at(aboutX), joints);
    const tz = setAt(still, theta.at(aboutZ), firstJoints);
    const local = matmul(relatives, rotations(tx, tz));
    const absolute = [];
    parents.forEach((parent, bone) => {
      absolute.push(parent < 0 ? local.at(bone) : matmul(absolute[parent], local.at(bone)));
    });
    return matmul(stack(absolute), inverses);
  }

  /**
   * Differences between points [n, 3] and the weighted means of vertices `corners` [n, c] with weights `shares` [n, c].
   */
  function apart(theta, shares, corners, points) {
    const corner = concatenate([at(vertices, corners), ones([...corners.shape, 1])], { axis: 2 });
    const bones = at(skin(theta), null, { end: 3 });
    const place = einsum("nc,ncb,bij,ncj->ni", shares, at(weights, corners), bones, corner);
    return sub(points, add(turned(theta.at({ end: 3 }), place), theta.at({ start: 3, end: 6 })));
  }

  /**
   * Errors [n, 3] of points that correspond to the vertices `corners` [n, 1]. `theta` [26] is a rotation, a translation
   * and finger angles.
   */
  const simple = (theta, corners, points) => apart(theta, ones(corners.shape), corners, points);

  /** Errors [n, 3] of points on triangles `corners` [n, 3]. `us` [n, 2] are the weights of the first two corners. */
  const complicated = (theta, us, corners, points) =>
    apart(theta, concatenate([us, sub(1, us.sum(1, { keepdims: true }))], { axis: 1 }), corners, points);

  /** The Jacobian [n, 3, 26] of `simple` in theta. */
  const simpleDerivative = jit(jacfwd(simple));

  /**
   * The Jacobian [n, 3, 2 + 26] of `complicated`: for each point with respect to its own weights, which affect no other
   * point, and to theta.
   */
  const complicatedDerivative = jit((theta, us, corners, points) => {
    const inShares = [0, 1].map((column) => {
      const direction = setAt(zeros(us.shape), 1, null, column);
      return jvp((u) => complicated(theta, u, corners, points), [us], [direction])[1];
    });
    const inTheta = jacfwd(complicated)(theta, us, corners, points);
    return concatenate([stack(inShares, { axis: 2 }), inTheta], { axis: 2 });
  });
  return { simple, complicated, simpleDerivative, complicatedDerivative };
}
