import { makeModule } from "../encode/module.ts";
import type { ModuleBuilder } from "../encode/module.ts";
import { hostState } from "./state.ts";

/** What the engine that runs us can do with WebAssembly. */
export interface WasmFeatures {
  /** Vectors of 128 bits. */
  readonly simd: boolean;
  /** `relaxed_madd` and its kind. */
  readonly relaxed: boolean;
  /** Atomic operations, and a memory that several threads may share. */
  readonly threads: boolean;
}

/** What the engine can do, found out once by validating three small modules. All false where there is no WebAssembly. */
export function wasmFeatures(): WasmFeatures {
  return (hostState.features ??= detectFeatures());
}

/** Finds out anew; for engines whose flags were changed. */
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

/** A page that is not isolated from other origins has no `SharedArrayBuffer`, and must not ask for such a memory. */
function canShareMemory(): boolean {
  if (typeof SharedArrayBuffer === "undefined") return false;
  try {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    return memory.buffer instanceof SharedArrayBuffer;
  } catch {
    return false;
  }
}
