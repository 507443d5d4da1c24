// Endless compilations of different functions, and the memory they hold; see scripts/soak-compilations.mjs.
import fc from "fast-check";
import type { Tensor } from "downhill";
import * as d from "downhill";
import { configure, grad, jit } from "downhill";
import { wasmArena } from "../../src/engine/backends/wasm/index.ts";
import { resultPool } from "../../src/engine/runtime/choices.ts";
import { compilationStats } from "../../src/engine/runtime/executable.ts";
import { functionOf, isReversible, pointOf, recipes, smallDims } from "./random-programs.ts";
import { seeded } from "./sampling.ts";

/** Memory held at some time, in bytes, and numbers of programs. */
export interface Held {
  readonly resident: number;
  readonly heap: number;
  /** Bytes used by kernels, without large results in kernel memory, which have their own budget. */
  readonly arenaUsed: number;
  readonly resting: number;
  readonly arenaSize: number;
  readonly kept: number;
  readonly compiled: number;
}

export function held(): Held {
  const { rss, heapUsed } = process.memoryUsage();
  const { used, size } = wasmArena().stats();
  const resting = resultPool()?.stats().bytes ?? 0;
  return {
    resident: rss,
    heap: heapUsed,
    arenaUsed: used - resting,
    resting,
    arenaSize: size,
    ...compilationStats(),
  };
}

/** Parameters of a function: sizes and a constant make each program different. */
interface Sizes {
  /** An integer from 1 to `most`. Small ones are as frequent as large ones. */
  readonly upTo: (most: number) => number;
  readonly c: number;
}

type Kind = (sizes: Sizes) => unknown;

const wave = (...shape: number[]): Tensor =>
  d.sin(d.arange(shape.reduce((a, b) => a * b, 1)).mul(1.3)).reshape(shape);

/**
 * Typical subjects of compilation: elementwise loops, layers and their gradients, recurrences, rows, windows, sorting,
 * batches.
 */
const kinds: readonly Kind[] = [
  ({ upTo, c }) => jit((x: Tensor) => d.sin(x.mul(c)).add(d.exp(x.sub(x.mean()))))(wave(upTo(3000))),
  ({ upTo, c }) => {
    const [rows, inner, columns] = [upTo(40), upTo(60), upTo(40)];
    const loss = (w: Tensor, b: Tensor, x: Tensor): Tensor =>
      d.mean(d.square(d.tanh(d.matmul(x, w).add(b)).mul(c)));
    return jit(grad(loss, { argnums: [0, 1] }))(wave(inner, columns), wave(columns), wave(rows, inner));
  },
  ({ upTo, c }) => {
    const [steps, n] = [upTo(30), upTo(40)];
    const loss = (h: Tensor, w: Tensor, xs: Tensor): Tensor =>
      d.scan((s: Tensor, x: Tensor) => [d.tanh(d.matmul(w, s).add(x).mul(c)), null], h, xs)[0].sum();
    return jit(grad(loss, { argnums: [0, 1] }))(wave(n), wave(n, n), wave(steps, n));
  },
  ({ upTo, c }) => {
    const values = wave(upTo(40), upTo(80));
    return jit((x: Tensor) => d.softmax(x.mul(c)).add(d.logsumexp(x, { axis: 1, keepdims: true })))(values);
  },
  ({ upTo, c }) => {
    const [images, width] = [upTo(3), 4 + upTo(24)];
    const loss = (w: Tensor, x: Tensor): Tensor =>
      d.mean(d.maxPool(d.conv(x, w, { padding: "same" }).mul(c), [2, 2]));
    return jit(grad(loss))(wave(2, 1, 3, 3), wave(images, 1, width, width));
  },
  ({ upTo, c }) => jit((x: Tensor) => d.sort(x.mul(c)).add(d.argsort(x)))(wave(upTo(1000))),
  ({ upTo, c }) => {
    const values = wave(upTo(20), upTo(20), upTo(20));
    return jit((x: Tensor) => d.cumsum(d.transpose(x, [2, 0, 1]).mean({ axis: 1 }).mul(c), { axis: 0 }))(
      values,
    );
  },
  ({ upTo, c }) => {
    const slope = grad((x: Tensor, y: Tensor) =>
      d
        .sin(x.mul(y).mul(c))
        .mul(d.log(d.square(x).add(1)))
        .sum(),
    );
    const n = upTo(30);
    return jit((x: Tensor, y: Tensor) => d.vmap(slope, { inAxes: [0, null] })(x, y))(
      wave(upTo(40), n),
      wave(n),
    );
  },
];

/**
 * Returns a function that compiles and runs one new function per call. It is one of eight kinds with other sizes each
 * time, and every tenth time the gradient of a random program. Calls exercise both many single functions and whole
 * programs.
 */
export function makeCompilations(seed: number): () => void {
  const random = seeded(seed);
  const dims = smallDims.filter(({ rows, columns }) => rows * columns < 400);
  const sample = recipes(dims).filter(isReversible);
  let iteration = 0;
  let results: unknown;
  const sizes = (): Sizes => ({ upTo: (most) => Math.floor(most ** random()), c: random() });
  return () => {
    iteration++;
    configure({ backend: (["auto", "wasm", "auto", "js"] as const)[Math.floor(iteration / 500) % 4]! });
    if (iteration % 10 === 0) {
      const recipe = fc.sample(sample, { numRuns: 1, seed: seed + iteration })[0]!;
      const f = functionOf(recipe);
      const [s, v, m] = pointOf(recipe);
      const loss = (...xs: Tensor[]): Tensor => d.mean(f(...xs)[2]!);
      jit((a: Tensor, b: Tensor, c: Tensor) => grad(loss, { argnums: [0, 1, 2] })(a, b, c))(s, v, m);
      return;
    }
    const made = kinds[iteration % kinds.length]!(sizes());
    // a few results are retained, some of them large
    if (iteration % 50 === 1) results = made;
    if (iteration % 100 === 2) {
      const { c, upTo } = sizes();
      results = jit((x: Tensor) => d.cumsum(x.mul(c), { axis: 0 }))(d.ones([20_000 + upTo(3000)]));
    }
    void results;
  };
}
