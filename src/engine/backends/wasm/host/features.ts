import { makeModule } from "../encode/module.ts";
import type { ModuleBuilder } from "../encode/module.ts";
import { hostState } from "./state.ts";

/** WebAssembly features of the running engine. */
export interface WasmFeatures {
  /** True for instructions on 128-bit vectors. */
  readonly simd: boolean;
  /** True for `relaxed_madd` and similar instructions. */
  readonly relaxed: boolean;
  /** True for atomic operations, and for memory that several threads may share. */
  readonly threads: boolean;
}

/** Features of the engine, determined once by validating three small modules. All false without WebAssembly. */
export function wasmFeatures(): WasmFeatures {
  return (hostState.features ??= detectFeatures());
}

/** Detects the features again. Called after flags of the engine have changed. */
export function detectFeatures(): WasmFeatures {
  return {
    simd: accepts((module) => {
      const { body } = module.function("simd", { results: ["v128"] });
      body.f32Const(1);
      body.op("f32x4.splat");
    }),
    relaxed: accepts((module) => {
      const { body } = module.function("relaxed", { params: ["v128"], results: ["v128"] });
      for (let i = 0; i < 3; i++) body.localGet(0);
      body.op("f32x4.relaxed_madd");
    }),
    threads:
      accepts((module) => {
        module.importMemory("env", "memory", { initial: 1, maximum: 1, shared: true });
        const { body } = module.function("threads", { results: ["i32"] });
        body.i32Const(0);
        body.memory("i32.atomic.load");
      }) && canShareMemory(),
  };
}

function accepts(write: (module: ModuleBuilder) => void): boolean {
  if (typeof WebAssembly === "undefined") return false;
  const module = makeModule();
  write(module);
  return WebAssembly.validate(module.finish());
}

/**
 * True if the page or process may request shared memory. A page that is not cross-origin isolated has no
 * `SharedArrayBuffer`, and must not.
 */
function canShareMemory(): boolean {
  if (typeof SharedArrayBuffer === "undefined") return false;
  try {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    return memory.buffer instanceof SharedArrayBuffer;
  } catch {
    return false;
  }
}
