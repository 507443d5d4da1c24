import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DType, Tensor } from "downhill";
import { tensor } from "downhill";
import type { test } from "vitest";
import { testWith } from "./conditions.ts";

/** Debian's Python, whose packages python3-onnx and python3-onnxruntime the tests use. */
const python = process.env["PYTHON_PATH"] ?? "/usr/bin/python3";

const hasRuntime = spawnSync(python, ["-c", "import numpy, onnx, onnxruntime"]).status === 0;

/** `test` if ONNX Runtime is installed; under `REQUIRE_PYTHON=1` tests run, and fail, without it too. */
export const testWithOnnxRuntime: typeof test = testWith(
  "ONNX Runtime (apt-get install -y python3-numpy python3-onnx python3-onnxruntime)",
  hasRuntime || process.env["REQUIRE_PYTHON"] === "1",
);

/** A model and its inputs by their names. */
export interface ModelRun {
  readonly model: Uint8Array;
  readonly feeds: Readonly<Record<string, Tensor>>;
  /** Number of consecutive runs; default 1. */
  readonly times?: number;
  /** Outputs that become inputs of the next run. */
  readonly next?: Readonly<Record<string, string>>;
}

interface Packed {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: string;
}

/** The outputs of each model by name, or the error message. */
export function runModels(runs: readonly ModelRun[]): readonly (Record<string, Tensor> | string)[] {
  const folder = mkdtempSync(join(tmpdir(), "downhill-onnx-"));
  try {
    const path = (i: number): string => join(folder, String(i).padStart(4, "0"));
    runs.forEach(({ model, feeds, times = 1, next = {} }, i) => {
      writeFileSync(`${path(i)}.onnx`, model);
      const packed = Object.entries(feeds).map(([name, x]) => [name, pack(x)] as const);
      const task = { feeds: Object.fromEntries(packed), runs: times, next };
      writeFileSync(`${path(i)}.json`, JSON.stringify(task));
    });
    const script = fileURLToPath(new URL("onnx-runtime.py", import.meta.url));
    const { status, stderr } = spawnSync(python, [script, folder], { encoding: "utf8" });
    if (status !== 0) throw new Error(`python ended with ${status}: ${stderr}`);
    return runs.map((_, i) => {
      const out = JSON.parse(readFileSync(`${path(i)}.out.json`, "utf8")) as Record<string, Packed | string>;
      if (typeof out["error"] === "string") return out["error"];
      return Object.fromEntries(Object.entries(out).map(([name, x]) => [name, unpack(x as Packed)]));
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function pack(x: Tensor): Packed {
  const data = x.data();
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return { dtype: x.dtype, shape: x.shape, data: bytes.toString("base64") };
}

function unpack({ dtype, shape, data }: Packed): Tensor {
  const bytes = Uint8Array.from(Buffer.from(data, "base64"));
  const arrays = {
    float64: Float64Array,
    float32: Float32Array,
    int32: Int32Array,
    uint32: Uint32Array,
    bool: Uint8Array,
  };
  const array = new arrays[dtype as DType](bytes.buffer);
  return tensor(array, { dtype: dtype as DType, shape });
}

/** Tolerances by operation, relative to the largest number, where the last digits depend on the engine. */
const tolerances: Readonly<Record<string, number>> = {
  float32: 2e-6,
  float64: 2e-13,
  int32: 0,
  uint32: 0,
  bool: 0,
};

/**
 * Describes the difference between the runtime's output and downhill's, if it exceeds `tolerance` times the largest
 * number.
 */
export function faultOf(want: Tensor, got: Tensor, tolerance: number = tolerances[want.dtype]!): string[] {
  if (got.dtype !== want.dtype || got.shape.join() !== want.shape.join())
    return [`${got.dtype}[${got.shape.join()}] instead of ${want.dtype}[${want.shape.join()}]`];
  const [a, b] = [want.data(), got.data()];
  const finite = Array.from(a).filter(Number.isFinite);
  const scale = Math.max(want.dtype === "float32" ? 1e-36 : 1e-290, ...finite.map(Math.abs));
  const bound = tolerance * scale;
  for (let i = 0; i < a.length; i++) {
    if (Object.is(a[i], b[i]) || a[i] === b[i]) continue;
    if (!(Math.abs(a[i]! - b[i]!) <= bound)) return [`${b[i]} instead of ${a[i]} at ${i} of ${a.length}`];
  }
  return [];
}
