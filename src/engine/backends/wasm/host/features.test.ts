import { setFlagsFromString } from "node:v8";
import { expect, test, vi } from "vitest";
import { detectFeatures, wasmFeatures } from "./features.ts";

test("vectors and threads are found on Node; relaxed vectors where the flag is on", () => {
  setFlagsFromString("--experimental-wasm-relaxed-simd");
  expect(detectFeatures()).toEqual({ simd: true, relaxed: true, threads: true });
});

test("are detected once", () => {
  expect(wasmFeatures()).toBe(wasmFeatures());
});

test("are all false without WebAssembly", () => {
  vi.stubGlobal("WebAssembly", undefined);
  expect(detectFeatures()).toEqual({ simd: false, relaxed: false, threads: false });
  vi.unstubAllGlobals();
});

test("a page that is not cross-origin isolated has no threads", () => {
  vi.stubGlobal("SharedArrayBuffer", undefined);
  expect(detectFeatures()).toMatchObject({ simd: true, threads: false });
  vi.unstubAllGlobals();
});
