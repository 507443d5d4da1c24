// downhill/onnx: exports functions, derivatives and training steps as models for other engines.
import "../../numeric/array/readers.ts";
import "../../engine/runtime/install-evaluator.ts";

export { anyBatch } from "./any-batch.ts";
export type { AnyBatch } from "./any-batch.ts";
export { toOnnx } from "./to-onnx.ts";
export type { OnnxOptions } from "./to-onnx.ts";
export { writeOnnxFile } from "./file.ts";
