import { DownhillError, showType } from "../errors/index.ts";
import type { Accumulator, LowerContext, Maybe, Primitive, ReadView, WriteView } from "../ir/primitive.ts";
import { builtIn } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { arrayType } from "../ir/types.ts";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import type { Expr } from "../kernel/scalar.ts";
import { bind } from "../trace/bind.ts";
import { range, sameShape, sizeOf } from "../util/shape.ts";
import { turn } from "../util/turn.ts";
import type { ComplexExpr } from "./complex-loops.ts";
import { differenceOf, productOf, sumOf } from "./complex-loops.ts";
import { joinFloating } from "./elementwise.ts";
import { batchAlong } from "./index-ops.ts";
import { fromFlat } from "./lift.ts";
import { instantiate } from "./linear.ts";
import { plus } from "./reduce-loops.ts";

interface FourierParams {
  /** Sign of the exponent: −1 for `Σ x_j e^(−2πijk/n)`, 1 for the opposite angles. Neither includes a factor 1/n. */
  readonly sign: 1 | -1;
  /** Axis of the sequences. Sequences at different indices of the later axes are transformed in parallel. */
  readonly axis: number;
}

/** Largest prime factor of a length that is transformed by butterflies; a factor p takes p² products. */
const greatestRadix = 13;

/**
 * Radices whose product is the length, fours first; undefined if the length has a prime factor above `greatestRadix`.
 */
export function radicesOf(n: number): readonly number[] | undefined {
  const radices: number[] = [];
  let rest = n;
  for (const radix of [4, 2, 3, 5, 7, 11, greatestRadix]) {
    while (rest % radix === 0) {
      radices.push(radix);
      rest /= radix;
    }
  }
  return rest === 1 ? radices : undefined;
}

/** x multiplied by i or by −i, depending on the sign. */
const quarterTurn = (x: ComplexExpr, sign: number): ComplexExpr =>
  sign > 0 ? { re: k.neg(x.im), im: x.re } : { re: x.im, im: k.neg(x.re) };

/** Stores both parts of a complex number in locals and returns these, because each part is used more than once. */
type ComplexBinder = (x: ComplexExpr) => ComplexExpr;

/** The discrete Fourier transform of 2, 4 or an odd number of values, as expressions. */
function butterfly(xs: readonly ComplexExpr[], sign: 1 | -1, keep: ComplexBinder): readonly ComplexExpr[] {
  if (xs.length === 2) return [sumOf(xs[0]!, xs[1]!), differenceOf(xs[0]!, xs[1]!)];
  if (xs.length === 4) {
    const [a, b] = [keep(sumOf(xs[0]!, xs[2]!)), keep(differenceOf(xs[0]!, xs[2]!))];
    const [c, d] = [keep(sumOf(xs[1]!, xs[3]!)), keep(quarterTurn(differenceOf(xs[1]!, xs[3]!), sign))];
    return [sumOf(a, c), sumOf(b, d), differenceOf(a, c), differenceOf(b, d)];
  }
  return oddButterfly(xs, sign, keep);
}

/** Transform of an odd number p of values, by sums and differences of the pairs j and p − j. */
function oddButterfly(xs: readonly ComplexExpr[], sign: 1 | -1, keep: ComplexBinder): readonly ComplexExpr[] {
  const p = xs.length;
  const half = range(1, (p + 1) / 2);
  const sums = half.map((j) => keep(sumOf(xs[j]!, xs[p - j]!)));
  const differences = half.map((j) => keep(differenceOf(xs[j]!, xs[p - j]!)));
  const { type } = xs[0]!.re;
  const times = (x: ComplexExpr, factor: number): ComplexExpr => {
    const c = k.constant(type, factor);
    return { re: k.mul(x.re, c), im: k.mul(x.im, c) };
  };
  const total = (parts: readonly ComplexExpr[]): ComplexExpr => parts.reduce(sumOf);
  const first = total([xs[0]!, ...sums]);
  const others = half.map((m) => {
    const even = keep(total([xs[0]!, ...half.map((j) => times(sums[j - 1]!, turn(j * m, p).cos))]));
    const odd = total(half.map((j) => times(differences[j - 1]!, turn(j * m, p).sin)));
    const turned = keep(quarterTurn(odd, sign));
    return [sumOf(even, turned), differenceOf(even, turned)] as const;
  });
  return [first, ...others.map(([y]) => y), ...others.map(([, y]) => y).reverse()];
}

/** A list of complex numbers in memory: the arrays of real and imaginary parts, and the offset of the first number. */
interface ComplexView {
  readonly re: ReadView;
  readonly im: ReadView;
  readonly from: Expr;
}

/**
 * Emits one pass of Stockham's algorithm. A pass transforms `radix` numbers at distance n / `radix` and multiplies them
 * by twiddle factors. It writes them in consecutive blocks of `lanes` numbers, so that the results are in order after
 * all passes.
 *
 * @see Van Loan, Computational Frameworks for the Fast Fourier Transform, 1992, 1.7.
 */
function emitPass(
  block: Block,
  { fresh, ins }: LowerContext,
  source: ComplexView,
  target: { readonly re: WriteView; readonly im: WriteView; readonly from: Expr },
  pass: { readonly radix: number; readonly blocks: number; readonly lanes: number; readonly step: number },
  sign: 1 | -1,
): void {
  const { radix, blocks, lanes, step } = pass;
  const [cos, sin] = [ins[2]!, ins[3]!];
  block.forEach(fresh("p"), k.i32(0), k.i32(blocks), (outer, p) => {
    // twiddle factors: result j of the butterfly is turned by j · p steps
    const factors = range(1, radix).map((j): ComplexExpr => {
      const at = outer.let(fresh("at"), k.mul(p, k.i32(j * step)));
      const im = sin.read(at);
      return {
        re: outer.let(fresh("c"), cos.read(at)),
        im: outer.let(fresh("s"), sign > 0 ? im : k.neg(im)),
      };
    });
    const read = outer.let(fresh("read"), plus(source.from, k.mul(p, k.i32(lanes))));
    const written = outer.let(fresh("written"), plus(target.from, k.mul(p, k.i32(radix * lanes))));
    outer.forEach(fresh("q"), k.i32(0), k.i32(lanes), (loop, q) => {
      const keep: ComplexBinder = ({ re, im }) => ({
        re: loop.let(fresh("re"), re),
        im: loop.let(fresh("im"), im),
      });
      const numbers = range(0, radix).map((j) => {
        const at = loop.let(fresh("from"), k.add(read, plus(q, k.i32(j * blocks * lanes))));
        return keep({ re: source.re.read(at), im: source.im.read(at) });
      });
      butterfly(numbers, sign, keep).forEach((out, j) => {
        const turned = j === 0 || blocks === 1 ? out : productOf(keep(out), factors[j - 1]!);
        const at = loop.let(fresh("to"), k.add(written, plus(q, k.i32(j * lanes))));
        target.re.write(loop, at, turned.re);
        target.im.write(loop, at, turned.im);
      });
    });
  });
}

/**
 * Emits all passes of the transform. They alternate between the results and scratch arrays so that the last pass writes
 * the results.
 */
function emitFourier(context: LowerContext, { sign, axis }: FourierParams): void {
  const { block, fresh, ins, outs, scratch } = context;
  const { shape } = ins[0]!.type;
  const n = shape[axis]!;
  const inner = sizeOf(shape.slice(axis + 1));
  const outer = sizeOf(shape.slice(0, axis));
  if (sizeOf(shape) === 0) return;
  const radices = radicesOf(n)!;
  block.for(fresh("b"), k.i32(0), k.i32(outer), (items, b) => {
    const from = items.let(fresh("item"), k.mul(b, k.i32(n * inner)));
    const results = { re: outs[0]!, im: outs[1]!, from };
    if (radices.length === 0) {
      items.forEach(fresh("q"), k.i32(0), k.i32(n * inner), (loop, q) => {
        results.re.write(loop, k.add(from, q), ins[0]!.read(k.add(from, q)));
        results.im.write(loop, k.add(from, q), ins[1]!.read(k.add(from, q)));
      });
      return;
    }
    const between = scratch.length === 0 ? results : { re: scratch[0]!, im: scratch[1]!, from: k.i32(0) };
    let source: ComplexView = { re: ins[0]!, im: ins[1]!, from };
    let done = 1;
    radices.forEach((radix, i) => {
      const target = (radices.length - 1 - i) % 2 === 0 ? results : between;
      const pass = { radix, blocks: n / (done * radix), lanes: done * inner, step: done };
      emitPass(items, context, source, target, pass, sign);
      source = target;
      done *= radix;
    });
  });
}

const fourierPrim: Primitive<FourierParams> = /* @__PURE__ */ builtIn<FourierParams>({
  name: "fourier",
  typeOf(ins, { axis }) {
    const type = joinFloating("fourier", ins.slice(0, 2));
    const n = type.shape[axis]!;
    if (radicesOf(n) === undefined) {
      throw new DownhillError(
        "shape",
        `fourier: axis ${axis} of ${showType(type)} has a prime factor above ${greatestRadix}.`,
      );
    }
    const table = arrayType(type.dtype, [n]);
    const odd = ins.slice(2).find((t) => t.dtype !== table.dtype || !sameShape(t.shape, table.shape));
    if (odd !== undefined)
      throw new DownhillError("shape", `fourier: a table is ${showType(odd)}, expected ${showType(table)}.`);
    return [type, type];
  },
  derivative: {
    kind: "linear",
    operands: [0, 1],
    zeros: "sum",
    jvp: ([dre, dim], [re, im, cos, sin], params) => {
      if (dre === undefined && dim === undefined) return [undefined, undefined];
      return transformed([instantiate(dre, re!.type), instantiate(dim, im!.type), cos!, sin!], params);
    },
    transpose(cts, [, , cos, sin], { sign, axis }, into) {
      // the matrix is symmetric, so as a real map its transpose is its conjugate
      const { type } = (cts[0] ?? cts[1])!;
      const given = cts.map((ct: Maybe) => instantiate(ct, type));
      const outs = transformed([...given, cos!, sin!], { sign: sign === 1 ? -1 : 1, axis });
      into.slice(0, 2).forEach((accumulator: Accumulator | undefined, i) => accumulator?.add(outs[i]!));
    },
  },
  batch(ins, batched, size, { sign, axis }) {
    const [re, im] = [0, 1].map((i) => (batched[i] === true ? ins[i]! : batchAlong(ins[i]!, size)));
    return {
      outs: transformed([re!, im!, ins[2]!, ins[3]!], { sign, axis: axis + 1 }),
      batched: [true, true],
    };
  },
  cost: "high",
  lowering: {
    kind: "loops",
    scratch({ axis }, [x]) {
      const { shape } = x!;
      const isOnePass = (radicesOf(shape[axis]!) ?? []).length < 2;
      const type = arrayType(x!.dtype, [sizeOf(shape.slice(axis))]);
      return isOnePass ? [] : [{ name: "re", type }, { name: "im", type }]; // prettier-ignore
    },
    emit: emitFourier,
  },
});

function transformed(ins: readonly Tensor[], params: FourierParams): readonly Tensor[] {
  return bind(fourierPrim, ins, params);
}

/** Cosines and sines, as two tensors of type `type`, of the angles 2πj/n for the given multiples j. */
export function turns(
  type: ArrayType,
  n: number,
  multiples: readonly number[],
): readonly [cos: Tensor, sin: Tensor] {
  const found = multiples.map((j) => turn(j, n));
  return [
    fromFlat(type, found.map(({ cos }) => cos)), // prettier-ignore
    fromFlat(type, found.map(({ sin }) => sin)), // prettier-ignore
  ];
}

/** Discrete Fourier transform along an axis, without a factor 1/n. The length must have no prime factor above 13. */
export function fourier(re: Tensor, im: Tensor, params: FourierParams): readonly [re: Tensor, im: Tensor] {
  const n = re.type.shape[params.axis]!;
  const [cos, sin] = turns(arrayType(re.dtype, [n]), n, range(0, n));
  const [outRe, outIm] = transformed([re, im, cos, sin], params);
  return [outRe!, outIm!];
}
