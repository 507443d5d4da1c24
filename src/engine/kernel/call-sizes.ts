import { DownhillError, internalError } from "../errors/index.ts";
import { must } from "../util/assert-never.ts";
import type { BufferView, KernelValue } from "./executable.ts";
import { bytesPerElement } from "./executable.ts";
import type { BinaryOp, Buffer, Expr, Routine, SizeExpr } from "./scalar.ts";
import { constantSize } from "./sizes.ts";
import { checkDepth, walkExpr } from "./walk.ts";

/** Size and position of a buffer during one call. */
export interface BufferExtent {
  /** Number of elements. */
  size: number;
  /** Bytes from the start of the arena to the buffer; 0 for inputs and outputs. */
  offset: number;
}

/** The sizes of a routine as numbers: those known beforehand and, after `update`, those of the current call. */
export interface CallSizes {
  /** Extents by buffer name: inputs, outputs and temporaries. */
  readonly extents: ReadonlyMap<string, BufferExtent>;
  readonly arenaBytes: () => number;
  /**
   * Computes the sizes of a call, and checks that the arrays are long enough. `undefined` if all sizes are known
   * beforehand.
   * @throws DownhillError `range` if a size is negative or exceeds int32, `shape` if an array is too short, `internal`
   * if a temporary ends outside of the arena.
   */
  readonly update: ((inputs: readonly KernelValue[], outputs: readonly KernelValue[]) => void) | undefined;
}

/**
 * Function that provides a backend with the sizes of a routine: `knownSizes`, or `callSizes` if routines may have
 * run-time sizes.
 */
export type SizesOf = (routine: Routine) => CallSizes;

/**
 * Sizes of a routine that are all known before any call.
 * @throws DownhillError `internal` if a size is not known.
 */
export function knownSizes({ inputs, outputs, temps, arenaBytes }: Routine): CallSizes {
  const known = (size: SizeExpr): number => must(constantSize(size), "a compile-time size");
  const extents = new Map<string, BufferExtent>();
  for (const port of [...inputs, ...outputs])
    if (port.kind === "buffer") extents.set(port.buffer.name, { size: known(port.buffer.size), offset: 0 });
  for (const { name, size, offset } of temps) extents.set(name, { size: known(size), offset: known(offset) });
  return { extents, arenaBytes: () => known(arenaBytes), update: undefined };
}

/** Sizes of any routine. Sizes that are not known beforehand are computed by each call. */
export function callSizes(routine: Routine): CallSizes {
  const scalars = slotsOfScalars(routine.inputs);
  const computed: ((inputs: readonly KernelValue[]) => void)[] = [];
  /**
   * Sizes that the current call has computed so far, by expression. The offset of a temporary contains the offset of
   * the previous temporary as a subexpression, so its value is taken from here.
   */
  const earlier = new Map<Expr, { n: number }>();
  /** Indices of the inputs that sizes depend on. `latest` holds the values of these inputs at the last computation. */
  const slots = new Set<number>();
  /** Passes a size to `put`: immediately if it is known, otherwise in each call. */
  const settle = (size: SizeExpr, what: string, put: (n: number) => void): void => {
    const known = constantSize(size);
    if (known !== undefined || typeof size === "number") return put(known ?? 0);
    const compute = sizeAtCall(size, scalars, { known: earlier, slots });
    const one = { n: 0 };
    earlier.set(size, one);
    computed.push((inputs) => {
      const n = (one.n = compute(inputs));
      if (n >= 0) return put(n);
      const given: string[] = [];
      walkExpr(size, (part) => {
        if (part.kind === "local") given.push(`${part.name} = ${inputs[scalars.get(part.name)!] as number}`);
      });
      const problem = n < 0 ? `is ${n}` : "is out of the int32 range";
      throw new DownhillError(
        "range",
        `${routine.name}: ${what} ${problem} for ${[...new Set(given)].join(", ")}.`,
      );
    });
  };

  const extents = new Map<string, BufferExtent>();
  const enter = ({ name, size }: Buffer, offset: SizeExpr = 0): BufferExtent => {
    const extent: BufferExtent = { size: 0, offset: 0 };
    extents.set(name, extent);
    settle(size, `the size of buffer "${name}"`, (n) => (extent.size = n));
    settle(offset, `the offset of buffer "${name}"`, (n) => (extent.offset = n));
    return extent;
  };
  const checked: ((inputs: readonly KernelValue[], outputs: readonly KernelValue[]) => void)[] = [];
  const checkedOnce: (() => void)[] = [];
  const enterPort = (
    buffer: Buffer,
    cellOf: (inputs: readonly KernelValue[], outputs: readonly KernelValue[]) => KernelValue,
  ): void => {
    const extent = enter(buffer);
    if (constantSize(buffer.size) !== undefined) return;
    checked.push((inputs, outputs) =>
      checkLength(routine, buffer, extent.size, cellOf(inputs, outputs) as BufferView),
    );
  };
  routine.inputs.forEach((input, slot) => {
    if (input.kind === "buffer") enterPort(input.buffer, (inputs) => inputs[slot]!);
  });
  routine.outputs.forEach((output, slot) => {
    if (output.kind === "buffer") enterPort(output.buffer, (_, outputs) => outputs[slot]!);
  });
  let arenaBytes = 0;
  for (const temp of routine.temps) {
    const extent = enter(temp, temp.offset);
    checkedOnce.push(() => {
      if (extent.offset + extent.size * bytesPerElement[temp.type] > arenaBytes)
        throw internalError(`temporary "${temp.name}" of ${routine.name} ends beyond its arena`);
    });
  }
  settle(routine.arenaBytes, "the memory of temporaries, in bytes,", (n) => (arenaBytes = n));
  const places = [...slots];
  let isFirst = true;
  const latest = new Array<KernelValue | undefined>(places.length).fill(undefined);
  if (computed.length === 0) return { extents, arenaBytes: () => arenaBytes, update: undefined };
  return {
    extents,
    arenaBytes: () => arenaBytes,
    update(inputs, outputs) {
      let isChanged = isFirst;
      for (let k = 0; k < places.length; k++) if (inputs[places[k]!] !== latest[k]) isChanged = true;
      if (isChanged) {
        latest.fill(undefined); // until all sizes have been validated
        for (const compute of computed) compute(inputs);
        for (const check of checkedOnce) check();
        isFirst = false;
        for (let k = 0; k < places.length; k++) latest[k] = inputs[places[k]!];
      }
      for (let k = 0; k < checked.length; k++) checked[k]!(inputs, outputs);
    },
  };
}

function checkLength(routine: Routine, { name, type }: Buffer, size: number, cell: BufferView): void {
  const { array, offset, numbers = array } = cell;
  if (offset + size <= numbers.length) return;
  throw new DownhillError(
    "shape",
    `${routine.name}: buffer "${name}" needs ${size} elements of ${type}, got ${array.constructor.name} of ` +
      `${array.length} at ${offset}.`,
  );
}

/** Operations allowed in sizes, on exact numbers: unlike those of the vocabulary they do not wrap. */
const sizeOperations: { readonly [op in BinaryOp]?: (x: number, y: number) => number } = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => (y === 0 ? 0 : Math.trunc(x / y) + 0),
  min: (x, y) => Math.min(x, y),
  max: (x, y) => Math.max(x, y),
  shl: (x, y) => x * 2 ** (y & 31),
  shr: (x, y) => Math.floor(x / 2 ** (y & 31)),
};

/** Operation on exact numbers, if it is allowed in sizes; otherwise `undefined`. */
export function sizeOperation(op: BinaryOp): ((x: number, y: number) => number) | undefined {
  return sizeOperations[op];
}

/** True if an operation is allowed in sizes. */
export function isSizeOperation(op: BinaryOp): boolean {
  return sizeOperations[op] !== undefined;
}

/** Size as a function of a call's inputs. Returns NaN if the size, or a part of it, exceeds int32. */
export function sizeOfCall(
  size: SizeExpr,
  { inputs }: Pick<Routine, "inputs">,
): (given: readonly KernelValue[]) => number {
  const known = constantSize(size);
  if (known !== undefined || typeof size === "number") return () => known ?? 0;
  return sizeAtCall(size, slotsOfScalars(inputs));
}

function slotsOfScalars(inputs: Routine["inputs"]): ReadonlyMap<string, number> {
  return new Map(
    inputs.flatMap((input, slot) => (input.kind === "scalar" ? [[input.name, slot] as const] : [])),
  );
}

/** Data that is shared while several sizes of a routine are computed. */
interface SizeDependencies {
  /** Sizes computed earlier, by expression, whose values can be reused. */
  readonly known: ReadonlyMap<Expr, { readonly n: number }>;
  /** Receives the indices of the inputs that the size reads directly. */
  readonly slots: Set<number>;
}

/**
 * Size expression as a function of a call's inputs; `scalars` maps the scalar inputs to their slots. Returns NaN if the
 * size, or a part of it, exceeds int32.
 */
function sizeAtCall(
  size: Expr,
  scalars: ReadonlyMap<string, number>,
  others?: SizeDependencies,
  depth = 0,
): (inputs: readonly KernelValue[]) => number {
  checkDepth(depth);
  if (size.kind === "const") return () => size.value;
  if (size.kind === "local") {
    const slot = must(scalars.get(size.name), `scalar input "${size.name}"`);
    others?.slots.add(slot);
    return (inputs) => inputs[slot] as number;
  }
  const before = others?.known.get(size);
  if (before !== undefined) return () => before.n;
  const f = size.kind === "binary" ? sizeOperations[size.op] : undefined;
  if (size.kind !== "binary" || f === undefined)
    throw internalError("a size has operations other than arithmetic");
  const x = sizeAtCall(size.x, scalars, others, depth + 1);
  const y = sizeAtCall(size.y, scalars, others, depth + 1);
  return (inputs) => {
    const n = f(x(inputs), y(inputs));
    return n === (n | 0) ? n : NaN;
  };
}
