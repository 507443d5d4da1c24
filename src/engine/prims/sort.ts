import { DownhillError, showType } from "../errors/index.ts";
import type { LowerContext, Primitive, ReadView, Scratch } from "../ir/primitive.ts";
import { builtIn } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { arrayType, scalarTypeOf } from "../ir/types.ts";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import type { Expr, ScalarType } from "../kernel/scalar.ts";
import { isFloat } from "../kernel/scalar.ts";
import { bind1 } from "../trace/bind.ts";
import { otherAxes, range, sizeOf, stridesOf } from "../util/shape.ts";
import { flatIndex, loopOver, plus } from "./reduce-loops.ts";

interface SortParams {
  readonly axis: number;
  readonly descending: boolean;
  /** Number of sorted elements whose indices are requested, from the first in order. */
  readonly count: number;
}

const argsortPrim: Primitive<SortParams> = /* @__PURE__ */ builtIn<SortParams>({
  name: "argsort",
  typeOf([x], { axis, count }) {
    const n = x!.shape[axis];
    if (n === undefined) throw new DownhillError("range", `argsort: ${showType(x!)} has no axis ${axis}.`);
    if (!Number.isInteger(count) || count < 0 || count > n)
      throw new DownhillError(
        "range",
        `argsort: count must be an integer from 0 to ${n}, the size of axis ${axis} of ${showType(x!)}; got ${count}.`,
      );
    return [arrayType("int32", x!.shape.with(axis, count))];
  },
  derivative: { kind: "constant" },
  batch: ([x], _, __, { axis, descending, count }) => ({
    outs: [argsort(x!, axis + 1, descending, count)],
    batched: [true],
  }),
  lowering: { kind: "loops", scratch: scratchOf, emit: emitArgsort },
});

/**
 * Largest number of elements in a row, per word of the sort key, for insertion sort. Longer rows are sorted by radix
 * sort.
 */
const mostInserted = 64;
/** Largest number of requested indices for which insertion sort is used, whatever the length of the row. */
const fewWanted = 16;

const u32 = (value: number): Expr => k.constant("u32", value);
const [topBit, allBits] = [0x80000000, 0xffffffff];

/** Sort key of an element: unsigned words, most significant first, whose order is the order of the elements. */
type SortKey = readonly Expr[];

/** Number of 32-bit words in the sort key of an element. */
const wordsOf = (type: ScalarType): number => (type === "f64" ? 2 : 1);

/**
 * Sort key of an element: equal elements have equal keys, and NaN has the greatest. With `descending`, all bits of the
 * keys are inverted. The bit patterns of floats are in order, except that those of negative floats are reversed.
 */
function keyOf(x: Expr, descending: boolean): SortKey {
  const turned = (word: Expr): Expr => (descending ? k.xor(word, u32(allBits)) : word);
  if (!isFloat(x.type)) {
    const word = k.convert("u32", x);
    return [turned(x.type === "i32" ? k.xor(word, u32(topBit)) : word)];
  }
  const isZero = k.eq(x, k.constant(x.type, 0)); // also −0
  const isNaN = k.ne(x, x);
  const bits = (word: Expr): Expr => k.select(isZero, k.i32(0), word);
  const high = bits(x.type === "f64" ? k.highWord(x) : k.unary("bitsOf", x));
  const sign = k.shr(high, k.i32(31)); // all ones for a negative number, otherwise all zeros
  const words = x.type === "f64" ? [high, bits(k.lowWord(x))] : [high];
  return words.map((word, i) => {
    const inOrder = k.xor(word, i === 0 ? k.or(sign, k.i32(topBit | 0)) : sign);
    return turned(k.select(isNaN, u32(allBits), k.convert("u32", inOrder)));
  });
}

function isBefore([a, ...restOfA]: SortKey, [b, ...restOfB]: SortKey): Expr {
  if (restOfA.length === 0) return k.lt(a!, b!);
  return k.or(k.lt(a!, b!), k.and(k.eq(a!, b!), isBefore(restOfA, restOfB)));
}

/** Sizes of a sort: elements per row, number of leading indices to find, and words per key. */
interface RowSizes {
  readonly size: number;
  readonly count: number;
  readonly words: number;
}

/** A row to sort: reads the key of an element, and writes the index at a sorted position. */
interface SortableRow extends RowSizes {
  key(block: Block, i: Expr): SortKey;
  write(block: Block, i: Expr, place: Expr): void;
}

/** Selects the algorithm that sorts the rows of an array, with the sizes of a row. */
function sorterOf({ dtype, shape }: ArrayType, { axis, count }: SortParams): readonly [RowSorter, RowSizes] {
  const [size, words] = [shape[axis]!, wordsOf(scalarTypeOf(dtype))];
  const isFew = size <= mostInserted * words || count <= fewWanted;
  return [isFew ? byInsertion : byDigits, { size, count, words }];
}

/** Scratch memory for the keys and indices of a row. */
function scratchOf(params: SortParams, [x]: readonly ArrayType[]): readonly Scratch[] {
  if (sizeOf(x!.shape) === 0 || params.count === 0) return [];
  const [sorter, sizes] = sorterOf(x!, params);
  return sorter.scratch(sizes).map(([name, dtype, n]) => ({ name, type: arrayType(dtype, [n]) }));
}

function emitArgsort(context: LowerContext, params: SortParams): void {
  const { axis, descending } = params;
  const [x, out] = [context.ins[0]!, context.outs[0]!];
  const { shape } = x.type;
  if (sizeOf(out.type.shape) === 0) return;
  const { block, fresh } = context;
  const others = otherAxes(shape.length, [axis]);
  const along = (view: ReadView, index: readonly Expr[]) => {
    const strides = stridesOf(view.type.shape);
    const start = flatIndex(index, others.map((a) => strides[a]!)); // prettier-ignore
    return (i: Expr): Expr => plus(start, flatIndex([i], [strides[axis]!]));
  };
  const [sorter, sizes] = sorterOf(x.type, params);
  loopOver(
    block,
    others.map((a) => shape[a]!),
    fresh,
    (row, index) => {
      const [read, written] = [along(x, index), along(out, index)];
      sorter.emit(row, context, {
        ...sizes,
        key(inner, i) {
          const element = inner.let(fresh("x"), x.read(read(i)));
          return keyOf(element, descending).map((word) => inner.let(fresh("key"), word));
        },
        write: (inner, i, place) => out.write(inner, written(i), place),
      });
    },
  );
}

interface RowSorter {
  /**
   * Scratch arrays shared by all rows: one for each key word, one for indices, and any others that the algorithm needs.
   */
  scratch(sizes: RowSizes): readonly (readonly [name: string, dtype: "uint32" | "int32", size: number])[];
  emit(block: Block, context: LowerContext, row: SortableRow): void;
}

/**
 * Insertion sort that keeps the first `count` of the elements so far. A further element is inserted if it comes before
 * the last of them.
 */
const byInsertion: RowSorter = {
  // entry 0 is a key that comes before all others
  scratch: ({ count, words }) => [
    ...range(0, words).map(() => ["keys", "uint32", count + 1] as const),
    ["order", "int32", count + 1],
  ],
  emit(block, { fresh, scratch }, { size, count, words, key, write }) {
    const [keys, order] = [scratch.slice(0, words), scratch[words]!];
    const keyAt = (i: Expr): SortKey => keys.map((word) => word.read(i));
    const writeAt = (inner: Block, i: Expr, parts: SortKey, place: Expr): void => {
      keys.forEach((word, w) => word.write(inner, i, parts[w]!));
      order.write(inner, i, place);
    };
    const insert = (inner: Block, last: Expr, parts: SortKey, place: Expr): void => {
      const to = inner.let(fresh("to"), last);
      const before = k.sub(to, k.i32(1));
      inner.while(isBefore(parts, keyAt(before)), (shift) => {
        writeAt(shift, to, keyAt(before), order.read(before));
        shift.set(to, before);
      });
      writeAt(inner, to, parts, place);
    };
    keys.forEach((word) => word.write(block, k.i32(0), u32(0)));
    block.for(fresh("i"), k.i32(0), k.i32(count), (loop, i) =>
      insert(loop, k.add(i, k.i32(1)), key(loop, i), i),
    );
    if (count < size) {
      const worst = keyAt(k.i32(count)).map((word) => block.let(fresh("worst"), word));
      block.for(fresh("i"), k.i32(count), k.i32(size), (loop, i) => {
        const next = key(loop, i);
        loop.if(isBefore(next, worst), (then) => {
          insert(then, k.i32(count), next, i);
          keyAt(k.i32(count)).forEach((word, w) => then.set(worst[w]!, word));
        });
      });
    }
    block.for(fresh("i"), k.i32(0), k.i32(count), (loop, i) =>
      write(loop, i, order.read(k.add(i, k.i32(1)))),
    );
  },
};

/** Number of digits in a key word, and number of values of a digit: digits are bytes. */
const [digits, values] = [4, 256];

/**
 * Radix sort: distributes the elements by each digit of their keys, least significant first, in stable order (Knuth,
 * TAOCP 3, 5.2.5). Skips a digit that all keys share.
 */
const byDigits: RowSorter = {
  // two halves: elements are moved from one half to the other
  scratch: ({ size, words }) => [
    ...range(0, words).map(() => ["keys", "uint32", 2 * size] as const),
    ["order", "int32", 2 * size],
    ["counts", "int32", words * digits * values],
  ],
  emit(row, { fresh, scratch }, { size, count, words, key, write }) {
    const keys = scratch.slice(0, words);
    // first the number of keys with each digit value, later the target of the next key with that value
    const [order, counts] = [scratch[words]!, scratch[words + 1]!];
    const end = k.i32(size);
    const digitOf = (word: Expr, shift: Expr): Expr =>
      k.convert("i32", k.and(k.shr(word, shift), u32(values - 1)));
    row.forEach(fresh("i"), k.i32(0), k.i32(words * digits * values), (loop, i) =>
      counts.write(loop, i, k.i32(0)),
    );
    row.for(fresh("i"), k.i32(0), end, (loop, i) => {
      order.write(loop, i, i);
      key(loop, i).forEach((word, w) => {
        keys[w]!.write(loop, i, word);
        for (let digit = 0; digit < digits; digit++) {
          const value = k.add(digitOf(word, u32(8 * digit)), k.i32((w * digits + digit) * values));
          const at = loop.let(fresh("at"), value);
          counts.write(loop, at, k.add(counts.read(at), k.i32(1)));
        }
      });
    });
    const from = row.let(fresh("from"), k.i32(0));
    for (let w = words - 1; w >= 0; w--) {
      const word = keys[w]!;
      // this word and the words of later digits
      const carried = keys.slice(0, w + 1);
      row.for(fresh("digit"), k.i32(0), k.i32(digits), (each, digit) => {
        const shift = each.let(fresh("shift"), k.convert("u32", k.mul(digit, k.i32(8))));
        const own = each.let(fresh("own"), k.mul(k.add(digit, k.i32(w * digits)), k.i32(values)));
        const countAt = (value: Expr): Expr => k.add(own, value);
        const first = counts.read(countAt(digitOf(word.read(from), shift)));
        each.if(k.ne(first, end), (pass) => {
          const to = pass.let(fresh("to"), k.sub(end, from));
          const sum = pass.let(fresh("sum"), to);
          pass.for(fresh("value"), k.i32(0), k.i32(values), (loop, value) => {
            const there = loop.let(fresh("count"), counts.read(countAt(value)));
            counts.write(loop, countAt(value), sum);
            loop.set(sum, k.add(sum, there));
          });
          pass.for(fresh("i"), k.i32(0), end, (loop, i) => {
            const source = loop.let(fresh("source"), k.add(from, i));
            const moved = carried.map((one) => loop.let(fresh("key"), one.read(source)));
            const at = loop.let(fresh("at"), countAt(digitOf(moved[w]!, shift)));
            const target = loop.let(fresh("target"), counts.read(at));
            counts.write(loop, at, k.add(target, k.i32(1)));
            carried.forEach((one, c) => one.write(loop, target, moved[c]!));
            order.write(loop, target, order.read(source));
          });
          pass.set(from, to);
        });
      });
    }
    row.for(fresh("i"), k.i32(0), k.i32(count), (loop, i) => write(loop, i, order.read(k.add(from, i))));
  },
};

/**
 * Indices that sort the elements along an axis in ascending or, with `descending`, in descending order; only the first
 * `count` of them. The sort is stable, and NaN counts as the largest.
 */
export function argsort(
  x: Tensor,
  axis: number,
  descending = false,
  count: number = x.shape[axis] ?? 0,
): Tensor {
  return bind1(argsortPrim, [x], { axis, descending, count });
}
