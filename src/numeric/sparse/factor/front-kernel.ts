// WebAssembly code that applies eliminated columns to a front, which is in the memory of the code.
import type { FunctionBody } from "../../../engine/backends/wasm/encode/body.ts";
import { makeModule } from "../../../engine/backends/wasm/encode/module.ts";
import { canRunWasm, wasmFeatures } from "../../../engine/backends/wasm/index.ts";

/** Maximum number of pivots of one update, except that a 2 × 2 pivot may add one. */
export const panelColumns = 64;

/** Memory for one front at a time, and the code that updates it. Valid until the next call of `frontMemory`. */
export interface FrontMemory {
  /** Elements of the front, `size` numbers per column. */
  readonly elements: Float64Array;
  /** Rows of D Lᵀ of one panel, `size` numbers per row. */
  readonly scaled: Float64Array;
  /** Does what `updateBlock` does, with the same rounding. */
  readonly update: (size: number, first: number, last: number, end: number, from: number, to: number) => void;
}

/** Largest front, in variables. Its elements take 1 GiB. */
const mostVariables = 11_585;
/** Largest front whose memory is retained after a factorisation, in variables. Its elements take 8 MiB. */
const mostRetained = 1024;
const pageBytes = 65_536;

let code: WebAssembly.Module | undefined;
let current: (FrontMemory & { readonly capacity: number }) | undefined;

/**
 * Returns memory for a front with `size` variables. The result is `undefined` if the front is too large, or the engine
 * has no vector instructions or no memory.
 */
export function frontMemory(size: number): FrontMemory | undefined {
  if (current !== undefined && size <= current.capacity) return current;
  if (size > mostVariables || !canRunWasm() || !wasmFeatures().simd) return undefined;
  const capacity = Math.min(mostVariables, Math.max(256, Math.ceil(1.25 * size)));
  const start = 8 * (panelColumns + 1) * capacity;
  const pages = Math.ceil((start + 8 * capacity * capacity) / pageBytes);
  let memory: WebAssembly.Memory;
  try {
    memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  } catch {
    return undefined;
  }
  code ??= new WebAssembly.Module(updateModule());
  const { exports } = new WebAssembly.Instance(code, { env: { memory } });
  const run = exports["update"] as (...args: number[]) => void;
  current = {
    capacity,
    elements: new Float64Array(memory.buffer, start, capacity * capacity),
    scaled: new Float64Array(memory.buffer, 0, start / 8),
    update: (n, first, last, end, from, to) => run(start, n, first, last, end, from, to),
  };
  return current;
}

/** Code for a front and its rows of D Lᵀ, if they are in the memory of the code. */
export function kernelOf(elements: Float64Array, scaled: Float64Array): FrontMemory | undefined {
  return current?.elements === elements && current.scaled === scaled ? current : undefined;
}

/** Frees the memory if it is large. */
export function releaseFrontMemory(): void {
  if (current !== undefined && current.capacity > mostRetained) current = undefined;
}

/**
 * Module with the function `update(front, size, first, last, end, from, to)`. `front` is the address of the front; the
 * rows of D Lᵀ begin at address 0. The loops are those of `updateBlock`: columns in pairs, pivots in groups of four, then
 * single ones.
 */
function updateModule(): Uint8Array<ArrayBuffer> {
  const module = makeModule("front");
  module.importMemory("env", "memory", { initial: 1, maximum: 65_536 });
  const names = ["front", "size", "first", "last", "end", "from", "to"];
  const { body } = module.function("update", {
    params: names.map(() => "i32"),
    paramNames: names,
    exported: true,
  });
  writeUpdate(body);
  return module.finish();
}

/** An int32 expression: the index of a local, or code that puts the value on the stack. */
type Operand = number | (() => void);

/** Writer of loops over int32 locals. */
interface LoopWriter {
  readonly put: (x: Operand) => void;
  readonly set: (local: number, x: Operand) => void;
  readonly plus: (x: Operand, y: Operand) => () => void;
  readonly times: (x: Operand, y: Operand) => () => void;
  readonly number: (value: number) => () => void;
  /** While x ≤ y as signed numbers. */
  readonly whileAtMost: (x: Operand, y: Operand, write: () => void) => void;
}

function loopWriter(body: FunctionBody): LoopWriter {
  const put = (x: Operand): void => (typeof x === "number" ? body.localGet(x) : x());
  const binary = (name: "i32.add" | "i32.mul") => (x: Operand, y: Operand) => (): void => {
    put(x);
    put(y);
    body.op(name);
  };
  return {
    put,
    set(local, x) {
      put(x);
      body.localSet(local);
    },
    plus: binary("i32.add"),
    times: binary("i32.mul"),
    number: (value) => () => body.i32Const(value),
    whileAtMost(x, y, write) {
      const out = body.block();
      const again = body.loop();
      put(x);
      put(y);
      body.op("i32.gt_s");
      body.brIf(out);
      write();
      body.br(again);
      body.end();
      body.end();
    },
  };
}

function writeUpdate(body: FunctionBody): void {
  const [front, size, first, last, end, from, to] = [0, 1, 2, 3, 4, 5, 6] as const;
  const { put, set, plus, times, number, whileAtMost } = loopWriter(body);
  const local = (name: string): number => body.local("i32", name);
  const [stride, left, right, pivot, row, offset, stop] = ["stride", "left", "right", "pivot", "row", "offset", "stop"].map(local) as [number, number, number, number, number, number, number]; // prettier-ignore
  const lines = Array.from({ length: 4 }, (_, k) => local(`line${k}`));
  const [xs, ys] = ["x", "y"].map((name) =>
    Array.from({ length: 4 }, (_, k) => body.local("v128", `${name}${k}`)),
  ) as [number[], number[]];
  const ls = Array.from({ length: 4 }, (_, k) => body.local("v128", `l${k}`));
  const address = (base: Operand): void => put(plus(base, offset));

  /** Subtracts from the elements at `offset` of a column the products of `count` pivots. */
  const subtract = (column: number, factors: readonly number[], count: number, isVector: boolean): void => {
    address(column);
    address(column);
    if (isVector) body.memory("v128.load");
    else body.memory("v128.load64_splat");
    for (let k = 0; k < count; k++) {
      body.localGet(factors[k]!);
      body.localGet(ls[k]!);
      body.op("f64x2.mul");
      if (k > 0) body.op("f64x2.add");
    }
    body.op("f64x2.sub");
    if (isVector) body.memory("v128.store");
    else body.memoryLane("v128.store64_lane", 0);
  };
  /** Updates the elements at `offset` of one or two columns, one or two rows at a time. */
  const updateRows = (columns: readonly (readonly [number, readonly number[]])[], count: number): void => {
    const step = (isVector: boolean): void => {
      for (let k = 0; k < count; k++) {
        address(lines[k]!);
        body.memory(isVector ? "v128.load" : "v128.load64_splat");
        body.localSet(ls[k]!);
      }
      for (const [column, factors] of columns) subtract(column, factors, count, isVector);
      set(offset, plus(offset, number(isVector ? 16 : 8)));
    };
    whileAtMost(plus(offset, number(16)), stop, () => step(true));
    whileAtMost(plus(offset, number(8)), stop, () => step(false));
  };
  /** Applies `count` pivots from `pivot` on to the pair of columns, or to the left one alone. */
  const applyPivots = (count: number, isPair: boolean): void => {
    for (let k = 0; k < count; k++) {
      set(lines[k]!, k === 0 ? plus(front, times(pivot, stride)) : plus(lines[k - 1]!, stride));
      put(row);
      body.memory("v128.load64_splat");
      body.localSet(xs[k]!);
      if (isPair) {
        put(row);
        body.memory("v128.load64_splat", 8);
        body.localSet(ys[k]!);
      }
      set(row, plus(row, stride));
    }
    set(offset, times(first, number(8)));
    if (isPair) {
      // the diagonal element of the left column has no counterpart in the right one
      for (let k = 0; k < count; k++) {
        address(lines[k]!);
        body.memory("v128.load64_splat");
        body.localSet(ls[k]!);
      }
      subtract(left, xs, count, false);
      set(offset, plus(offset, number(8)));
      updateRows([[left, xs], [right, ys]], count); // prettier-ignore
    } else updateRows([[left, xs]], count);
    set(pivot, plus(pivot, number(count)));
  };
  const applyAll = (groups: readonly number[], isPair: boolean): void => {
    set(left, plus(front, times(first, stride)));
    set(right, plus(left, stride));
    set(pivot, from);
    set(row, times(first, number(8)));
    for (const count of groups) whileAtMost(plus(pivot, number(count)), to, () => applyPivots(count, isPair));
  };

  set(stride, times(size, number(8)));
  set(stop, times(end, number(8)));
  whileAtMost(plus(first, number(2)), last, () => {
    applyAll([4, 1], true);
    set(first, plus(first, number(2)));
  });
  whileAtMost(plus(first, number(1)), last, () => {
    applyAll([1], false);
    set(first, plus(first, number(1)));
  });
}
