// Compilations without end, no two of them the same, and what they hold; see scripts/soak-compilations.mjs.
import fc from "fast-check";
import type { Tensor } from "downhill";
import * as d from "downhill";
import { configure, grad, jit } from "downhill";
import { wasmArena } from "../../src/backends/wasm/index.ts";
import { residentHeap } from "../../src/runtime/device.ts";
import { compilationStats } from "../../src/runtime/executable.ts";
import { functionOf, pointOf, recipes, smallDims } from "./random-programs.ts";
import { seeded } from "./sampling.ts";

/** What is held at some time, in bytes and programs. */
export interface Held {
  readonly resident: number;
  readonly heap: number;
  /** What kernels use, but for large results that rest in their memory: those have a budget of their own. */
  readonly arenaUsed: number;
  readonly resting: number;
  readonly arenaSize: number;
  readonly kept: number;
  readonly compiled: number;
}

export function held(): Held {
  const { rss, heapUsed } = process.memoryUsage();
  const { used, size } = wasmArena().stats();
  const resting = residentHeap()?.stats().bytes ?? 0;
  return {
    resident: rss,
    heap: heapUsed,
    arenaUsed: used - resting,
    resting,
    arenaSize: size,
    ...compilationStats(),
  };
}

/** Returns what compiles and runs one more function; calls go through small ones by the dozen and through whole programs. */
export function makeCompilations(seed: number): () => void {
  const random = seeded(seed);
  const dims = smallDims.filter(({ rows, columns }) => rows * columns < 400);
  const sample = recipes(dims);
  let turn = 0;
  let results = d.tensor([0]);
  return () => {
    turn++;
    configure({ backend: (["auto", "wasm", "auto", "js"] as const)[Math.floor(turn / 500) % 4]! });
    if (turn % 25 === 0) {
      const recipe = fc.sample(sample, { numRuns: 1, seed: seed + turn })[0]!;
      const f = functionOf(recipe);
      const [s, v, m] = pointOf(recipe);
      const loss = (...xs: Tensor[]): Tensor => d.mean(f(...xs)[2]!);
      jit((a: Tensor, b: Tensor, c: Tensor) => grad(loss, { argnums: [0, 1, 2] })(a, b, c))(s, v, m);
      return;
    }
    // another shape and another constant: another program
    const n = 1 + Math.floor(random() * 3000);
    const c = random();
    const x = d.full([n], c);
    const y = jit((x: Tensor) => d.sin(x.mul(c)).add(d.exp(x.sub(x.mean()))))(x);
    // few results are kept, some of them large
    if (turn % 50 === 1) results = d.concatenate([results.slice(0, 1), y]);
    if (turn % 100 === 2) results = jit((x: Tensor) => d.cumsum(x.mul(c), { axis: 0 }))(d.ones([20_000 + n]));
  };
}
