// What `downhill` and `downhill/core` have in common: the functions, without any effect of importing them.
export * from "../array/index.ts";
export { intersect1d, setdiff1d, setxor1d, union1d } from "../array/sets.ts";
export { finfo, iinfo, issubdtype, promoteTypes, resultType } from "../array/dtypes.ts";
export type { DTypeKind, FloatInfo, IntegerInfo } from "../array/dtypes.ts";
export { DownhillError } from "../../engine/errors/index.ts";
export type { ErrorCode } from "../../engine/errors/index.ts";
export { definePrimitive } from "../../engine/ir/primitive.ts";
export type { Accumulator, Derivative, Lowering, Maybe, Primitive } from "../../engine/ir/primitive.ts";
export { checkProgram } from "../../engine/ir/check.ts";
export { hashProgram } from "../../engine/ir/hash.ts";
export { printProgram } from "../../engine/ir/print.ts";
export type { Equation, Program, Var } from "../../engine/ir/program.ts";
export { Tensor } from "../../engine/ir/tensor.ts";
export type {
  BooleanLike,
  NestedBooleans,
  NestedNumbers,
  AxisSelector,
  AxisSlice,
  ReadOptions,
  ReduceOptions,
  TensorLike,
} from "../../engine/ir/tensor.ts";
export type { ArrayType, DType } from "../../engine/ir/types.ts";
export { configure } from "../../engine/runtime/configure.ts";
export { debug } from "../../engine/runtime/debug.ts";
export type { DebugOptions } from "../../engine/runtime/debug.ts";
export {
  celu,
  elu,
  gelu,
  glu,
  hardSigmoid,
  hardSwish,
  hardTanh,
  leakyRelu,
  logSigmoid,
  mish,
  prelu,
  relu,
  relu6,
  selu,
  silu,
  softsign,
  sparsePlus,
  sparseSigmoid,
  squareplus,
} from "../nn/activation.ts";
export * as kernel from "../../engine/kernel/build.ts";
export type { RuntimeOptions } from "../../engine/runtime/choices.ts";
export type { LoweredText } from "../../engine/runtime/inspect.ts";
export type { Jitted, JitOptions } from "../../engine/runtime/jitted.ts";
export type { JitStats } from "../../engine/runtime/stats.ts";
export { enableTurbo } from "../../engine/runtime/turbo.ts";
export type { Turbo } from "../../engine/runtime/turbo.ts";
export { bind, bind1 } from "../../engine/trace/bind.ts";
export { checkpoint } from "../../engine/transforms/checkpoint.ts";
export type { CheckpointOptions, CheckpointPolicy } from "../../engine/transforms/checkpoint.ts";
export { cond } from "../../engine/transforms/cond.ts";
export { customJvp, customVjp } from "../../engine/transforms/custom.ts";
export { evalShape } from "../../engine/transforms/eval-shape.ts";
export type { LikeShapes, ShapeDtype, Shapes } from "../../engine/transforms/eval-shape.ts";
export { grad, valueAndGrad } from "../../engine/transforms/grad.ts";
export type { GradOptions } from "../../engine/transforms/grad.ts";
export { hessian, hvp, jacfwd, jacrev } from "../../engine/transforms/jacobian.ts";
export type { Jacobian, JacobianOptions } from "../../engine/transforms/jacobian.ts";
export { jvp, linearize, linearTranspose, vjp } from "../../engine/transforms/linearize.ts";
export { makeProgram } from "../../engine/transforms/make-program.ts";
export { map } from "../../engine/transforms/map.ts";
export type { MapOptions } from "../../engine/transforms/map.ts";
export { scan } from "../../engine/transforms/scan.ts";
export type { ScanOptions } from "../../engine/transforms/scan.ts";
export { vmap } from "../../engine/transforms/vmap.ts";
export type { VmapOptions } from "../../engine/transforms/vmap.ts";
export { foriLoop, whileLoop } from "../../engine/transforms/while-loop.ts";
export type { ForiLoopOptions } from "../../engine/transforms/while-loop.ts";
export type { Like, LikeAll, OrConstant } from "../../engine/tree/types.ts";
