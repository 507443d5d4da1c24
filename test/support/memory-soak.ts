// Loops that need a bounded amount of memory at a time, but once leaked with every iteration; see
// scripts/soak-memory.mjs.
import type { Tensor } from "downhill";
import { DownhillError, configure, cumsum, grad, jit, scan, sin, sort, tanh, tensor } from "downhill";
import { wasmArena } from "../../src/engine/backends/wasm/index.ts";

/** Memory held at some time, in bytes. */
export interface Held {
  readonly resident: number;
  readonly heap: number;
  readonly kernels: number;
}

export function held(): Held {
  const { rss, heapUsed } = process.memoryUsage();
  return { resident: rss, heap: heapUsed, kernels: wasmArena().stats().used };
}

export interface Loop {
  readonly about: string;
  readonly iterations: number;
  /** From this iteration on memory must not grow, except by garbage that is not collected yet. */
  readonly flatFrom: number;
  /** Sets up the common state of all iterations, and returns the function that runs one. */
  readonly begin: () => (iteration: number) => void;
}

/** Zeros except for the last number. Systems allocate memory of zeros only at the first write. */
function array(n: number): Float32Array {
  const out = new Float32Array(n);
  out[n - 1] = 1;
  return out;
}

function check(value: unknown, expected: unknown): void {
  if (value !== expected) throw new Error(`got ${String(value)}, not ${String(expected)}`);
}

function checkLast(x: Tensor, expected: number): void {
  check(x.at(-1).item(), expected);
}

/** Factors for the sizes of the loops. */
interface Extent {
  readonly size: number;
  readonly length: (n: number) => number;
  readonly times: (n: number) => number;
}

/**
 * The loops. `size` scales the lengths of arrays and `iterations` the number of repetitions. At 1, earlier faults
 * exhausted the memory or grew until they would have.
 */
export function memoryLoops(size: number, iterations: number): Readonly<Record<string, Loop>> {
  const length = (n: number): number => Math.ceil(size * n);
  const times = (n: number): number => Math.max(8, Math.ceil(iterations * n));
  const extent: Extent = { size, length, times };
  return { ...newCode(extent), ...largeArrays(extent), ...manyCalls(extent) };
}

/** Code and temporaries of other lengths or functions each time, of a few MB. */
function newCode({ length, times }: Extent): Readonly<Record<string, Loop>> {
  const few = { iterations: times(300), flatFrom: Math.min(20, times(300) / 2) };
  return {
    "eager-lengths": {
      about: "x.add(1) of 20 MB, each time of another length",
      ...few,
      begin: () => (i) => {
        const x = array(length(5e6) + i);
        checkLast(tensor(x).add(1), 2);
      },
    },
    "jit-lengths": {
      about: "one jitted function of 20 MB, each time of another length",
      ...few,
      begin() {
        const f = jit((x: Tensor) => sin(x).add(x).mul(0));
        return (i) => checkLast(f(array(length(5e6) + i)), 0);
      },
    },
    "jit-functions": {
      about: "another jitted function each time, of one array of 20 MB",
      ...few,
      begin() {
        const x = array(length(5e6));
        return (i) => checkLast(jit((y: Tensor) => sin(y).mul(0).add(i))(x), i);
      },
    },
    temporaries: {
      about: "another jitted function each time that sorts and sums up 4 MB",
      ...few,
      begin() {
        const x = array(length(1e6));
        return (i) => checkLast(jit((y: Tensor) => cumsum(sort(y.add(i).sub(i)), { axis: 0 }))(x), 1);
      },
    },
  };
}

/** Arrays that take a large part of all memory. */
function largeArrays({ size, length, times }: Extent): Readonly<Record<string, Loop>> {
  const operations: readonly ((x: Tensor) => Tensor)[] = [
    (x) => x.add(1),
    (x) => x.mul(2),
    (x) => x.sub(1),
    (x) => x.neg(),
    sin,
  ];
  return {
    "large-operations": {
      about: "different eager operations on one array of 400 MB",
      iterations: operations.length * 2,
      flatFrom: 2,
      begin() {
        const x = tensor(array(length(1e8)));
        return (i) => void operations[i % operations.length]!(x);
      },
    },
    gradients: {
      about: "the jitted gradient of another closure each time, of 128 MB",
      iterations: Math.max(8, times(32)),
      flatFrom: 4,
      begin() {
        const x = tensor(array(length(32e6)));
        return (i) => void jit(grad((y: Tensor) => tanh(y.mul(i)).square().sum()))(x);
      },
    },
    failures: {
      about: "a call that needs 4.4 GB and fails, then one of 200 MB that does not",
      iterations: 6,
      flatFrom: 2,
      begin() {
        configure({ memoryLimit: Math.max(2 ** 20, size * 2 ** 32) });
        const f = jit((x: Tensor) => x.add(1));
        const [large, small] = [array(length(5.5e8)), array(length(5e7))];
        return () => {
          let code = "none";
          try {
            f(large);
          } catch (problem) {
            if (!(problem instanceof DownhillError)) throw problem;
            ({ code } = problem);
          }
          check(code, "oom");
          checkLast(f(small), 2);
        };
      },
    },
  };
}

/** Calls that are repeated thousands of times. */
function manyCalls({ length, times }: Extent): Readonly<Record<string, Loop>> {
  return {
    "small-shapes": {
      about: "x.neg() of some kB, each time of another length",
      iterations: times(10_000),
      flatFrom: Math.min(2500, times(10_000) / 2),
      begin: () => (i) => checkLast(tensor(array(3 + i)).neg(), -1),
    },
    "middling-lengths": {
      about: "one jitted function of 4 MB, each time of another length",
      iterations: times(1500),
      flatFrom: Math.min(100, times(1500) / 2),
      begin() {
        const f = jit((x: Tensor) => sin(x).add(x).mul(0));
        return (i) => checkLast(f(array(length(1e6) + i)), 0);
      },
    },
    "held-functions": {
      about: "3,000 jitted functions that are held, all of them called again and again",
      iterations: 3 * times(3000),
      flatFrom: times(3000),
      begin() {
        const x = array(5000);
        const functions: ((x: Float32Array) => Tensor)[] = [];
        return (i) => {
          const place = i % times(3000);
          const f = (functions[place] ??= jit((y: Tensor) => sin(y).mul(0).add(place)));
          checkLast(f(x), place);
        };
      },
    },
    loops: {
      about: "a scan outside of jit and its gradient, each time of another length",
      iterations: times(1000),
      flatFrom: Math.min(500, times(1000) / 2),
      begin: () => (i) => {
        const last = (xs: Tensor): Tensor =>
          scan((sum: Tensor, x: Tensor) => [sum.add(x), null], tensor(0, { dtype: "float32" }), xs)[0];
        checkLast(grad(last)(array(3 + i)), 1);
      },
    },
  };
}
