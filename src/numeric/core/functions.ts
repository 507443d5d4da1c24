// The functions that `downhill` and `downhill/core` share, without import-time side effects.
export * from "../array/index.ts";
export { intersect1d, setdiff1d, setxor1d, union1d } from "../array/sets.ts";
export { finfo, iinfo, issubdtype, promoteTypes, resultType } from "../array/dtypes.ts";
export type { DTypeKind, FloatInfo, IntegerInfo } from "../array/dtypes.ts";
export { DownhillError } from "../../engine/errors/index.ts";
export type { ErrorCode } from "../../engine/errors/index.ts";
export { checkProgram, definePrimitive, hashProgram, printProgram } from "../../engine/ir/index.ts";
export type {
  Accumulator,
  Derivative,
  Equation,
  Lowering,
  Maybe,
  Primitive,
  Program,
  Var,
} from "../../engine/ir/index.ts";
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
export { debug } from "../../engine/runtime/index.ts";
export type {
  DebugOptions,
  DeviceChoice,
  JitStats,
  LoweredText,
  RuntimeOptions,
} from "../../engine/runtime/index.ts";
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
export type { Jitted, JitOptions } from "../../engine/runtime/jitted.ts";
export { enableTurbo } from "../../engine/runtime/turbo.ts";
export type { Turbo } from "../../engine/runtime/turbo.ts";
export { bind, bind1 } from "../../engine/trace/index.ts";
export {
  associativeScan,
  checkpoint,
  cond,
  customJvp,
  customVjp,
  foriLoop,
  map,
  scan,
  switchCase,
  whileLoop,
} from "../../engine/transforms/structured.ts";
export type {
  AssociativeScanOptions,
  CheckpointOptions,
  CheckpointPolicy,
  ForiLoopOptions,
  MapOptions,
  ScanOptions,
} from "../../engine/transforms/structured.ts";
export {
  evalShape,
  grad,
  hessian,
  hvp,
  jacfwd,
  jacrev,
  jvp,
  linearize,
  linearTranspose,
  taylor,
  valueAndGrad,
  vjp,
  vmap,
} from "../../engine/transforms/index.ts";
export type {
  GradOptions,
  Jacobian,
  JacobianOptions,
  LikeShapes,
  ShapeDtype,
  Shapes,
  TaylorOptions,
  VmapOptions,
} from "../../engine/transforms/index.ts";
export { makeProgram } from "../../engine/transforms/make-program.ts";
export type { Like, LikeAll, OrConstant } from "../../engine/tree/index.ts";
