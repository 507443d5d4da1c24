import { refuseExtra } from "../errors/arguments.ts";
import { canRunWasm, makeWasmBackend, wasmFeatures } from "../backends/wasm/index.ts";
import { detectFeatures } from "../backends/wasm/host/features.ts";
import * as k from "../kernel/build.ts";
import type { BufferView } from "../kernel/executable.ts";
import { makeArray } from "../kernel/executable.ts";
import { tanh64 } from "../kernel/math/hyperbolic.ts";
import { exp32, tanh32 } from "../kernel/math/single/index.ts";
import type { Buffer, Dim, Expr, Routine, ScalarType } from "../kernel/scalar.ts";
import { setSwitches } from "./choices.ts";
import { engine } from "./engine.ts";
import "./install-compiler.ts";
import { constantSize } from "../kernel/sizes.ts";
import { must } from "../util/assert-never.ts";

/** Result of `enableTurbo`. */
export interface Turbo {
  /** Whether kernels are compiled in turbo mode from now on. */
  readonly enabled: boolean;
  /** Reason why turbo mode is off, or the feature of the engine that it switched on. */
  readonly reason: string;
}

interface V8Module {
  readonly setFlagsFromString: (flag: string) => void;
  /** Returns a number that identifies the version of the engine, the processor and the flags. */
  readonly cachedDataVersionTag: () => number;
}

/**
 * Enables features that the JavaScript engine has but leaves off by default: 256-bit vectors in Node 24 and later,
 * fused multiply-add in Node 20. Products of large matrices and elementwise functions then take about half the time on
 * processors with AVX2. Call it before the first computation; functions compiled before are recompiled.
 *
 * The switches are experimental, so sample kernels run in both modes first. If one bit differs, or the engine has no
 * such switch, a warning is printed and nothing changes. In Chromium, `--js-flags=--wasm-revectorize` has the same
 * effect.
 *
 * @example
 * const { enabled, reason } = enableTurbo();
 * `${enabled ? "on" : "off"}: ${reason}`; // o…: …
 */
export function enableTurbo(): Turbo {
  if (arguments.length > 0) refuseExtra("enableTurbo", arguments, 0);
  const result = (engine.turbo ??= tryTurbo());
  // oxlint-disable-next-line no-console -- who asked for it should hear that it did not work
  if (!result.enabled) console.warn(`downhill: turbo mode stays off: ${result.reason}`);
  return result;
}

function tryTurbo(): Turbo {
  const { process } = globalThis as {
    process?: { getBuiltinModule?: (name: string) => unknown; versions?: { v8?: string; node?: string } };
  };
  const v8 = process?.getBuiltinModule?.("node:v8") as V8Module | undefined;
  if (v8?.setFlagsFromString === undefined || !canRunWasm() || !wasmFeatures().simd)
    return { enabled: false, reason: "it needs Node and WebAssembly with vectors." };
  const major = Number(process?.versions?.v8?.split(".")[0]);
  const flag = flagFor(major);
  if (flag === undefined)
    return { enabled: false, reason: `V8 ${major} (Node ${process?.versions?.node}) has no switch for it.` };
  if (!hasEffect(v8, flag)) return { enabled: false, reason: `this engine ignores ${flag.name}.` };
  const plain = flag.wide ? samples.map((sample) => runUntilHot(sample("plain"))) : [];
  v8.setFlagsFromString(flag.name);
  if (flag.relaxed && !detectFeatures().relaxed)
    return { enabled: false, reason: `${flag.name} had no effect.` };
  const differs = plain.findIndex((cells, i) => !sameBits(runUntilHot(samples[i]!("turbo")), cells));
  if (differs >= 0) {
    v8.setFlagsFromString(opposite(flag));
    return { enabled: false, reason: `sample kernel ${differs} produced other bits with ${flag.name}.` };
  }
  setSwitches({ wide: flag.wide, relaxed: flag.relaxed });
  return { enabled: true, reason: flag.says };
}

/**
 * True if a switch has an effect in this engine. The switch is off afterwards, regardless of its previous state. Deno
 * accepts all flags and ignores them, and future versions of V8 may drop this one: the version tag then stays
 * unchanged. Bun, which is not V8, derives a new tag from any flag but does not return to an earlier tag.
 */
function hasEffect(v8: V8Module, flag: Flag): boolean {
  const [off, on, again] = [opposite(flag), flag.name, opposite(flag)].map((name) => {
    v8.setFlagsFromString(name);
    return v8.cachedDataVersionTag();
  });
  return on !== off && again === off;
}

const opposite = ({ name }: Flag): string => name.replace("--", "--no-");

interface Flag {
  readonly name: string;
  readonly wide: boolean;
  readonly relaxed: boolean;
  readonly says: string;
}

function flagFor(major: number): Flag | undefined {
  if (major >= 13)
    return {
      name: "--experimental-wasm-revectorize",
      wide: true,
      relaxed: false,
      says: "256-bit vectors",
    };
  if (major === 11)
    return {
      name: "--experimental-wasm-relaxed-simd",
      wide: false,
      relaxed: true,
      says: "fused multiply-add",
    };
  return undefined;
}

/** Milliseconds of repeated runs after which engines have optimised hot code. */
const warmUp = 40;

/**
 * Runs a routine until its code is hot and returns its results. The code is generated for turbo mode in both cases,
 * because the engine may still be compiling it when the switch is set.
 */
function runUntilHot(routine: Routine): BufferView[] {
  const compiled = makeWasmBackend({ wide: true, relaxed: wasmFeatures().relaxed }).compile(routine);
  const cellOf = ({ type, size }: Buffer, seed: number): BufferView => ({
    array: makeArray(type, must(constantSize(size), "the size of an array")).map(
      (_, i) => Math.sin(i * seed) * 3,
    ),
    offset: 0,
  });
  const inputs = routine.inputs.map((port, i) =>
    port.kind === "buffer" ? cellOf(port.buffer, i + 1.37) : 0,
  );
  const outputs = routine.outputs.map((port) => (port.kind === "buffer" ? cellOf(port.buffer, 0) : 0));
  const end = performance.now() + warmUp;
  while (performance.now() < end) for (let i = 0; i < 50; i++) compiled(inputs, outputs);
  compiled.release?.();
  return outputs as BufferView[];
}

function sameBits(a: readonly BufferView[], b: readonly BufferView[]): boolean {
  return a.every((cell, i) => cell.array.every((x, j) => Object.is(x, b[i]!.array[j])));
}

/** Creators of sample kernels. A different name makes the engine compile a separate module. */
const samples: readonly ((name: string) => Routine)[] = [
  (name) => product(name, [37, 45, 300]),
  (name) => product(name, [16, 64, 16]),
  (name) =>
    overArrays(name, 999, (x, y) => k.add(k.call(tanh32, x), k.mul(k.call(exp32, y), k.sqrt(k.abs(x))))),
  (name) => overArrays(name, 1000, (x, y) => k.max(k.min(x, y), k.div(x, k.add(y, k.constant("f32", 4))))),
  (name) =>
    overArrays(
      name,
      1000,
      (x, y) => k.add(k.call(tanh64, y), k.sub(k.mul(k.neg(x), x), k.constant("f64", 1))),
      "f64",
    ),
];

const arrayOf = (
  name: string,
  size: number,
  type: ScalarType,
): { readonly kind: "buffer"; readonly buffer: Buffer } => ({
  kind: "buffer",
  buffer: { name, type, size },
});

function product(name: string, [m, n, s]: readonly [number, number, number]): Routine {
  const block = k.makeBlock();
  const at = (buffer: string): { buffer: string; offset: Expr } => ({ buffer, offset: k.i32(0) });
  const dims: Dim[] = [
    { role: "row", size: m, out: n, left: s, right: 0 },
    { role: "column", size: n, out: 1, left: 0, right: 1 },
    { role: "sum", size: s, out: 0, left: 1, right: n },
  ];
  block.contract({
    name: "dot",
    type: "f32",
    out: at("c"),
    left: at("a"),
    right: at("b"),
    dims,
    accumulate: false,
  });
  return {
    name,
    inputs: [arrayOf("a", m * s, "f32"), arrayOf("b", s * n, "f32")],
    outputs: [arrayOf("c", m * n, "f32")],
    temps: [],
    arenaBytes: 0,
    body: block.statements,
  };
}

function overArrays(
  name: string,
  n: number,
  f: (x: Expr, y: Expr) => Expr,
  type: ScalarType = "f32",
): Routine {
  const block = k.makeBlock();
  block.forEach("i", k.i32(0), k.i32(n), (loop, i) =>
    loop.store("c", i, f(loop.let("x", k.load(type, "a", i)), loop.let("y", k.load(type, "b", i)))),
  );
  return {
    name,
    inputs: [arrayOf("a", n, type), arrayOf("b", n, type)],
    outputs: [arrayOf("c", n, type)],
    temps: [],
    arenaBytes: 0,
    body: block.statements,
  };
}
