// downhill/onnx: functions, derivatives and steps of training as models that other engines run.
import "../../numeric/array/readers.ts";
import "../../engine/runtime/install-evaluator.ts";

export { anyBatch } from "./any-batch.ts";
export type { AnyBatch } from "./any-batch.ts";
export { toOnnx } from "./to-onnx.ts";
export type { OnnxOptions } from "./to-onnx.ts";
export { writeOnnxFile } from "./file.ts";
