// Transforms whose primitives contain programs are in structured.ts: they load program-tools.ts, an import-time effect.
export { evalShape } from "./eval-shape.ts";
export type { LikeShapes, ShapeDtype, Shapes } from "./eval-shape.ts";
export { grad, valueAndGrad } from "./grad.ts";
export type { GradOptions } from "./grad.ts";
export { hessian, hvp, jacfwd, jacrev } from "./jacobian.ts";
export type { Jacobian, JacobianOptions } from "./jacobian.ts";
export { jvp, linearize, linearTranspose, vjp } from "./linearize.ts";
export { flowSeries, taylor } from "./taylor/index.ts";
export type { TaylorOptions } from "./taylor/index.ts";
export { tools } from "./tools.ts";
export { vmap } from "./vmap.ts";
export type { AxisTree, VmapOptions } from "./vmap.ts";
