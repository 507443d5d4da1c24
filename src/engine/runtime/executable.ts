import { canRunWasm, wasmArena } from "../backends/wasm/index.ts";
import { hashProgram } from "../ir/hash.ts";
import type { Program } from "../ir/program.ts";
import type { Backend } from "../kernel/executable.ts";
import { outputsInPlace } from "../kernel/in-place.ts";
import { addHolder } from "../kernel/reclaim.ts";
import { lowerProgram } from "../passes/lower.ts";
import { optimize } from "../passes/pipeline.ts";
import { now } from "../util/now.ts";
import { backendFor } from "./device.ts";
import { deviceGeneration } from "./engine.ts";
import { makeResidence } from "./resident.ts";
import type { Executable } from "./run.ts";
import { makeRunner } from "./run.ts";

/** What to compile: `donated` marks inputs that the code may change, `given` those whose memory results may take. */
interface Recipe {
  readonly program: Program;
  readonly donated: readonly boolean[];
  readonly given: readonly boolean[];
}

/** A program as it was compiled once. */
interface Compilation extends Executable {
  /** Gives its memory back; it cannot run afterwards. */
  readonly drop: () => void;
}

/** What all that run equal programs have in common. */
interface Code {
  /** What it is found by; `undefined` for the first one, until another one is asked for. */
  key: string | undefined;
  readonly recipe: Recipe;
  /** `undefined` once it was dropped; `run` is its `run`. */
  made: Compilation | undefined;
  run: Executable["run"] | undefined;
  /** As many bytes as are kept for it, see `bytesOf`. */
  readonly bytes: number;
  /** Whether it ran since it was passed over the last time. */
  wasUsed: boolean;
}

/** How many compiled programs are kept; the one used longest ago goes first. */
const mostKept = 1024;
/** Bytes that they may take in all, as `bytesOf` counts them. */
const mostBytes = 256 * 2 ** 20;
/**
 * What the engine and we take for a compiled program, beside its memory: resident bytes of 150 to 600 programs of Node 20, from a
 * sum (82 kB) to a step of training (215 kB for 12.6 kB of code) and a gradient of 200 functions as text (657 kB for 55 kB).
 */
const bytesPerProgram = 64_000;
const bytesPerByteOfCode = 12;

/** All that is compiled, what was made or passed over last at the end, and by key what has one. */
const kept = /* @__PURE__ */ new Set<Code>();
const byKey = /* @__PURE__ */ new Map<string, Code>();
/** The device that it was compiled for. */
let generation = -1;
/** The one that runs, or ran last: what it needs must not be given back meanwhile. */
let running: Code | undefined;
let bytesKept = 0;
let compilations = 0;
let isHolder = false;

/** Number of programs compiled so far, of those kept, and their bytes. For tests that count. */
export function compilationStats(): {
  readonly compiled: number;
  readonly kept: number;
  readonly bytes: number;
} {
  return { compiled: compilations, kept: kept.size, bytes: bytesKept };
}

/**
 * The executable of a program: compiled once for all programs of the same structure. `donated` marks inputs that the code may
 * change, `given` those whose memory results may take. What it was compiled to may be dropped, but for the one that runs, when
 * there is much of it or memory is needed; it is compiled again when it is called again.
 */
export function executableOf(
  program: Program,
  donated: readonly boolean[] = [],
  given: readonly boolean[] = [],
): Executable {
  const recipe: Recipe = { program, donated, given };
  let code = codeOf(recipe);
  const { backend, compileTime } = code.made!;
  return {
    run(inputs) {
      if (code.run === undefined) code = codeOf(recipe);
      if (running !== code) {
        running = code;
        code.wasUsed = true;
      }
      return code.run!(inputs);
    },
    backend,
    size: () => code.made?.size(),
    compileTime,
  };
}

/** What a program was compiled to, compiled now if that is not kept. */
function codeOf(recipe: Recipe): Code {
  if (!isHolder) addHolder({ giveBack: (bytes, place) => dropFor(place === "kernels" ? bytes : Infinity) });
  isHolder = true;
  running = undefined; // nothing runs while something is compiled
  if (generation !== deviceGeneration()) for (const code of kept) drop(code);
  generation = deviceGeneration();
  const key = kept.size > 0 ? keyOf(recipe) : undefined; // in a process that has one program its hash never matters
  if (key !== undefined) {
    nameFirst();
    const known = byKey.get(key);
    if (known !== undefined) return known;
  }
  const { program, donated, given } = recipe;
  const made = compileProgram(program, undefined, donated, given);
  const code: Code = { key, recipe, made, run: made.run, bytes: bytesOf(made), wasUsed: false };
  kept.add(code);
  bytesKept += code.bytes;
  if (key !== undefined) byKey.set(key, code);
  dropSurplus(code);
  return code;
}

function keyOf({ program, donated, given }: Recipe): string {
  return `${hashProgram(program)} ${donated.includes(true) ? donated.join() : ""} ${given.join()}`;
}

/** Gives the first one its key. */
function nameFirst(): void {
  const [first] = kept;
  if (first === undefined || first.key !== undefined) return;
  first.key = keyOf(first.recipe);
  byKey.set(first.key, first);
}

function drop(code: Code): void {
  kept.delete(code);
  if (code.key !== undefined) byKey.delete(code.key);
  bytesKept -= code.bytes;
  code.made?.drop();
  code.made = undefined;
  code.run = undefined;
}

/** Those that may be dropped: each that ran since the last time is passed over once, so the one used longest ago is among the first. */
function* idle(): Iterable<Code> {
  for (const code of kept) {
    if (code === running) continue;
    if (code.wasUsed) {
      code.wasUsed = false;
      kept.delete(code);
      kept.add(code); // comes again at the end
    } else yield code;
  }
}

/** Drops some for so many bytes of the memory of kernels, or all; whether there was one. */
function dropFor(bytes: number): boolean {
  const used = (): number => (canRunWasm() ? wasmArena().stats().used : 0);
  const before = used();
  let count = 0;
  for (const code of idle()) {
    if (before - used() >= bytes) break;
    drop(code);
    count++;
  }
  return count > 0;
}

/** Drops what there is too much of, but for what was made last. */
function dropSurplus(latest: Code): void {
  const isTooMuch = (): boolean => kept.size > mostKept || bytesKept > mostBytes;
  if (!isTooMuch()) return;
  for (const code of idle()) {
    if (code !== latest) drop(code);
    if (!isTooMuch()) return;
  }
}

/** What is kept for a compiled program, but for memory that it has in common with others. */
function bytesOf({ size }: Compilation): number {
  const { codeBytes = 0, ownBytes = 0 } = size() ?? {};
  return bytesPerProgram + bytesPerByteOfCode * codeBytes + ownBytes;
}

/** Compiles a program, with the backend that suits it best if none is given, without looking at what is kept. */
export function compileProgram(
  program: Program,
  backend?: Backend,
  donated: readonly boolean[] = [],
  given: readonly boolean[] = [],
): Compilation {
  compilations++;
  const start = now();
  const { routine, aliases } = lowerProgram(optimize(program), donated);
  const chosen = backend ?? backendFor(routine);
  const types = program.outs.map((v) => v.type);
  const compiled = chosen.compile(routine);
  const compileTime = now() - start;
  const residence =
    chosen.usesKernelMemory === true ? makeResidence(outputsInPlace(routine, given)) : undefined;
  return {
    run: makeRunner(compiled, routine, types, aliases, residence),
    backend: chosen.name,
    size: () => compiled.size,
    compileTime,
    drop: () => compiled.release?.(),
  };
}
