// What `downhill` and `downhill/core` have in common: the functions, without any effect of importing them.
export * from "../array/index.ts";
export { DownhillError } from "../errors/index.ts";
export type { ErrorCode } from "../errors/index.ts";
export { definePrimitive } from "../ir/primitive.ts";
export type { Accumulator, Derivative, Lowering, Maybe, Primitive } from "../ir/primitive.ts";
export { checkProgram } from "../ir/check.ts";
export { hashProgram } from "../ir/hash.ts";
export { printProgram } from "../ir/print.ts";
export type { Equation, Program, Var } from "../ir/program.ts";
export { Tensor } from "../ir/tensor.ts";
export type { BooleanLike, NestedNumbers, ReadOptions, ReduceOptions, TensorLike } from "../ir/tensor.ts";
export type { ArrayType, DType } from "../ir/types.ts";
export { configure } from "../runtime/configure.ts";
export { debug } from "../runtime/debug.ts";
export type { DebugOptions } from "../runtime/debug.ts";
export {
  elu,
  gelu,
  hardSigmoid,
  hardSwish,
  leakyRelu,
  logSigmoid,
  mish,
  relu,
  relu6,
  selu,
  silu,
  softsign,
} from "../nn/activation.ts";
export * as kernel from "../kernel/build.ts";
export type { RuntimeOptions } from "../runtime/choices.ts";
export type { LoweredText } from "../runtime/inspect.ts";
export type { Jitted, JitOptions } from "../runtime/jitted.ts";
export type { JitStats } from "../runtime/stats.ts";
export { enableTurbo } from "../runtime/turbo.ts";
export type { Turbo } from "../runtime/turbo.ts";
export { bind, bind1 } from "../trace/bind.ts";
export { checkpoint } from "../transforms/checkpoint.ts";
export type { CheckpointOptions, CheckpointPolicy } from "../transforms/checkpoint.ts";
export { cond } from "../transforms/cond.ts";
export { customJvp, customVjp } from "../transforms/custom.ts";
export { grad, valueAndGrad } from "../transforms/grad.ts";
export type { GradOptions } from "../transforms/grad.ts";
export { hessian, hvp, jacfwd, jacrev } from "../transforms/jacobian.ts";
export type { Jacobian, JacobianOptions } from "../transforms/jacobian.ts";
export { jvp, linearize, linearTranspose, vjp } from "../transforms/linearize.ts";
export { makeProgram } from "../transforms/make-program.ts";
export { scan } from "../transforms/scan.ts";
export type { ScanOptions } from "../transforms/scan.ts";
export { vmap } from "../transforms/vmap.ts";
export type { VmapOptions } from "../transforms/vmap.ts";
export { foriLoop, whileLoop } from "../transforms/while-loop.ts";
export type { ForiLoopOptions } from "../transforms/while-loop.ts";
export type { Like, LikeAll } from "../tree/types.ts";
