// A planar arm: its joint positions, the angles that move its hand to a target, and its mobility there.
import {
  concatenate,
  cos,
  cumsum,
  jacfwd,
  jit,
  mul,
  neg,
  sin,
  slice,
  stack,
  sub,
  tensor,
  type Tensor,
} from "downhill";
import { svd } from "downhill/linalg";
import { leastSquaresSolver } from "downhill/optim";
import type { Point } from "../../../src/pictures/landscapes/landscape.ts";

/** Length of the arm. All links have equal lengths. */
export const armLength = 4;

/**
 * Ends of the links, one row each. Each angle is relative to the previous link; the first is relative to the
 * horizontal.
 */
function ends(angles: Tensor): Tensor {
  const directions = cumsum(angles);
  const along = [cumsum(cos(directions)), cumsum(sin(directions))];
  return mul(armLength / angles.shape[0]!, stack(along, { axis: 1 }));
}

const hand = (angles: Tensor): Tensor => ends(angles).at(-1);

/** Residuals: the vector from the target to the hand, and the weighted joint angles. */
function residuals(angles: Tensor, target: Tensor, stiffness: Tensor): Tensor {
  return concatenate([sub(hand(angles), target), mul(stiffness, slice(angles, [1, angles.shape[0]!]))]);
}

const endsOf = jit(ends);
const jacobian = jit(jacfwd(hand));

const solverWithin = (bounds: Tensor) => leastSquaresSolver(residuals, { low: neg(bounds), high: bounds });
const solvers = new Map<string, ReturnType<typeof solverWithin>>();

/**
 * Solver for arms with the given number of joints, each limited to `limit` radians to either side. The first joint is
 * unlimited.
 */
function solverFor(joints: number, limit: number): ReturnType<typeof solverWithin> {
  const key = `${joints} ${limit}`;
  const freely = 1e3; // radians; the first joint may make complete turns
  const bounds = Array.from({ length: joints }, (_, i) => (i === 0 ? freely : limit));
  const solver = solvers.get(key) ?? solverWithin(tensor(bounds));
  solvers.set(key, solver);
  return solver;
}

/** An arm whose hand is as close to the target as possible. */
export interface Arm {
  readonly angles: readonly number[];
  /** The base and the ends of the links; the last is the hand. */
  readonly joints: readonly Point[];
  /** Distance from the hand to the target. */
  readonly gap: number;
  readonly iterations: number;
  readonly jacobians: number;
  /** Derivatives of the hand position in the angles: rows x and y. */
  readonly jacobian: readonly (readonly number[])[];
  /** Half axes of the ellipse of hand velocities for angular velocities of norm 1, longest first. */
  readonly speeds: readonly [number, number];
  /** Direction of the long axis, in radians. */
  readonly direction: number;
}

const leastBend = 0.05; // radians; a straight arm has zero derivatives and no preferred bending direction

/**
 * Moves the arm to a target, starting from the angles of the previous arm. If the number of joints changes, as many
 * angles as possible are kept.
 */
export function follow(
  before: readonly number[],
  target: Point,
  {
    joints,
    limit,
    stiffness,
  }: { readonly joints: number; readonly limit: number; readonly stiffness: number },
): Arm {
  const start = Array.from({ length: joints }, (_, i) => {
    const angle = before[i] ?? leastBend;
    if (i === 0 || Math.abs(angle) >= leastBend) return angle;
    return angle < 0 ? -leastBend : leastBend;
  });
  const { params, iterations, jacobians } = solverFor(joints, limit)(start, target, stiffness);
  const points = endsOf(params).tolist() as number[][];
  const end = points.at(-1)!;
  const derivative = jacobian(params);
  const [axes, sizes] = svd(derivative);
  const [long, short] = sizes.tolist() as [number, number];
  const [[x], [y]] = axes.tolist() as [[number], [number]];
  return {
    angles: params.tolist() as number[],
    joints: [[0, 0], ...points],
    gap: Math.hypot(end[0]! - target[0]!, end[1]! - target[1]!),
    iterations,
    jacobians,
    jacobian: derivative.tolist() as number[][],
    speeds: [long, short],
    direction: Math.atan2(y, x),
  };
}
