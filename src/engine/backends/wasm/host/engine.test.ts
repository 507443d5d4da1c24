import { afterEach, expect, test, vi } from "vitest";
import { engineOf } from "./engine.ts";

afterEach(() => vi.unstubAllGlobals());

/**
 * Returns `mayWiden` for a Node process with the given options, on an engine as old as Node 24 (`isRecent`) or older.
 */
function on(isRecent: boolean, options: Partial<NodeJS.Process> | undefined): boolean {
  const versions = { ...process.versions, node: "24.0.0" };
  vi.stubGlobal("process", options && { versions, execArgv: [], env: {}, ...options });
  if (isRecent) vi.stubGlobal("Float16Array", Float32Array);
  else vi.stubGlobal("Float16Array", undefined);
  if (!isRecent) Reflect.deleteProperty(globalThis, "Float16Array");
  return engineOf(false).mayWiden;
}

test("mayWiden is true with turbo mode, a flag on the command line or in NODE_OPTIONS, and in pages", () => {
  expect(on(true, {})).toBe(false);
  expect(on(true, { execArgv: ["--experimental-wasm-revectorize"] })).toBe(true);
  expect(on(true, { env: { NODE_OPTIONS: "--no-warnings --experimental_wasm_revectorize" } })).toBe(true);
  expect(on(true, undefined)).toBe(true);
  expect(engineOf(true).mayWiden).toBe(true);
});

test("mayWiden is false in engines without a revectorizer", () => {
  expect(on(false, undefined)).toBe(false);
});
