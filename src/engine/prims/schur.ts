// Schur form A = Q T Qᴴ of a real matrix: reduction to Hessenberg form, and implicit double-shift QR steps.
import type { WriteView } from "../ir/primitive.ts";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import type { Expr } from "../kernel/scalar.ts";
import type { ComplexExpr, ComplexMatrix } from "./complex-loops.ts";
import {
  conjugate,
  lengthOf,
  letComplex,
  multipleOf,
  productOf,
  readComplex,
  sumOf,
  writeComplex,
} from "./complex-loops.ts";
import type { RowPart } from "./householder.ts";
import { reflectionOf, reflectRows } from "./householder.ts";
import type { Index, MatrixView, VectorView } from "./matrix-loops.ts";
import { readAt, shift, transposed, writeAt } from "./matrix-loops.ts";
import type { NameGenerator } from "./rotations.ts";

/** Maximum number of QR steps per eigenvalue; two or three are usual. */
const mostSteps = 60;
/** Number of QR steps without convergence after which one exceptional shift is used. */
const stepsUntilException = 10;

/** Largest relative rounding error. */
const roundingOf = (type: Expr["type"]): number => (type === "f32" ? 2 ** -23 : 2 ** -52);

/**
 * A real matrix of n rows during its decomposition. Both arrays have a row and a column (`rows`: a row) more than
 * needed, all zeros, so that a reflection of three rows may begin at the last two.
 */
export interface SchurState {
  readonly n: number;
  /** The matrix, `[n + 1, n + 1]`; replaced by the triangular form. */
  readonly matrix: MatrixView<WriteView>;
  /** The columns of Q as rows, `[n + 1, n]`. */
  readonly rows: MatrixView<WriteView>;
  /** True while all eigenvalues have converged; a local. */
  readonly isKnown: Expr;
}

/** Scratch memory for the reduction to Hessenberg form: a matrix `[n, n]` of reflections, and a vector. */
export interface HessenbergScratch {
  readonly vectors: MatrixView<WriteView>;
  readonly along: VectorView;
}

/**
 * Computes the real Schur form of a matrix: T is triangular, but for blocks of two rows with a complex conjugate pair
 * of eigenvalues. Zeros below the diagonal that split the matrix into blocks are kept.
 */
export function realSchur(
  block: Block,
  fresh: NameGenerator,
  state: SchurState,
  scratch: HessenbergScratch,
): void {
  toHessenberg(block, fresh, state, scratch);
  const { n, isKnown } = state;
  const size = frobenius(block, fresh, state.matrix, n);
  const last = block.let(fresh("last"), k.i32(n - 1));
  const steps = block.let(fresh("steps"), k.i32(0));
  block.while(k.and(k.le(k.i32(0), last), isKnown), (step) => {
    const first = firstOfBlock(step, fresh, state, last, size);
    step.if(
      k.le(k.sub(last, k.i32(1)), first),
      (done) => {
        done.if(k.lt(first, last), (pair) => splitPair(pair, fresh, state, first));
        done.set(last, k.sub(first, k.i32(1)));
        done.set(steps, k.i32(0));
      },
      (otherwise) => {
        otherwise.set(steps, k.add(steps, k.i32(1)));
        otherwise.if(k.lt(k.i32(mostSteps), steps), (lost) => lost.set(isKnown, k.bool(false)));
        francisStep(otherwise, fresh, state, first, last, steps);
      },
    );
  });
}

/** Square root of the sum of the squares of all elements. */
function frobenius(block: Block, fresh: NameGenerator, a: MatrixView, n: number): Expr {
  const zero = k.constant(readAt(a, 0, 0).type, 0);
  const sum = block.let(fresh("sum"), zero);
  block.for(fresh("i"), k.i32(0), k.i32(n), (loop, i) => {
    const inRow = loop.reduce(fresh("inRow"), "add", zero, fresh("j"), k.i32(0), k.i32(n), (_, j) =>
      k.mul(readAt(a, i, j), readAt(a, i, j)),
    );
    loop.set(sum, k.add(sum, inRow));
  });
  return block.let(fresh("size"), k.sqrt(sum));
}

/** Reduces a matrix to Hessenberg form, and starts `rows` with the transformation. */
function toHessenberg(
  block: Block,
  fresh: NameGenerator,
  { n, matrix, rows }: SchurState,
  { vectors, along }: HessenbergScratch,
): void {
  const { type } = readAt(matrix, 0, 0);
  block.forEach(fresh("i"), k.i32(0), k.i32(n + 1), (loop, i) =>
    loop.forEach(fresh("j"), k.i32(0), k.i32(n), (inner, j) =>
      writeAt(inner, rows, i, j, k.convert(type, k.eq(i, j))),
    ),
  );
  if (n < 3) return;
  block.for(fresh("c"), k.i32(0), k.i32(n - 2), (loop, c) => {
    const next = loop.let(fresh("next"), k.add(c, k.i32(1)));
    loop.forEach(fresh("i"), next, k.i32(n), (inner, i) =>
      writeAt(inner, vectors, c, i, readAt(matrix, i, c)),
    );
    const part: RowPart = { of: vectors, row: c, from: next, to: n };
    const { tau, first } = reflectionOf(loop, fresh, part);
    writeAt(loop, matrix, next, c, first);
    loop.forEach(fresh("i"), k.add(next, k.i32(1)), k.i32(n), (inner, i) =>
      writeAt(inner, matrix, i, c, k.constant(type, 0)),
    );
    reflectColumns(loop, fresh, matrix, [next, n], part, tau, along);
    reflectRows(loop, fresh, matrix, [0, n], part, tau);
    reflectColumns(loop, fresh, rows, [0, n], part, tau, along);
  });
}

/** Applies a reflection from the left to the columns `first` to `last` (exclusive) of a matrix. */
function reflectColumns(
  block: Block,
  fresh: NameGenerator,
  x: MatrixView<WriteView>,
  [first, last]: readonly [Index, number],
  { of, row, from, to }: RowPart,
  tau: Expr,
  along: VectorView,
): void {
  const columns = (loop: Block, each: (inner: Block, j: Expr) => void): void =>
    loop.forEach(fresh("j"), shift(first, 0), k.i32(last), each);
  columns(block, (inner, j) => along.write(inner, j, k.constant(tau.type, 0)));
  block.for(fresh("i"), shift(from, 0), shift(to, 0), (loop, i) => {
    const own = loop.let(fresh("own"), readAt(of, row, i));
    columns(loop, (inner, j) => along.write(inner, j, k.mulAdd(own, readAt(x, i, j), along.read(j))));
  });
  block.for(fresh("i"), shift(from, 0), shift(to, 0), (loop, i) => {
    const factor = loop.let(fresh("factor"), k.neg(k.mul(tau, readAt(of, row, i))));
    columns(loop, (inner, j) => writeAt(inner, x, i, j, k.mulAdd(factor, along.read(j), readAt(x, i, j))));
  });
}

/**
 * Returns the first row of the unreduced block that ends at row `last`, and sets the negligible element before it to 0.
 *
 * @see Ahues & Tisseur, A new deflation criterion for the QR algorithm, LAPACK Working Note 122, 1997.
 */
function firstOfBlock(
  block: Block,
  fresh: NameGenerator,
  { matrix }: SchurState,
  last: Expr,
  norm: Expr,
): Expr {
  const { type } = norm;
  const [zero, ulp] = [k.constant(type, 0), k.constant(type, roundingOf(type))];
  const smallest = k.constant(type, type === "f32" ? 2 ** -100 : 2 ** -960);
  const first = block.let(fresh("first"), last);
  const isOpen = block.let(fresh("isOpen"), k.bool(true));
  block.while(k.and(isOpen, k.lt(k.i32(0), first)), (search) => {
    const before = search.let(fresh("before"), k.sub(first, k.i32(1)));
    const low = search.let(fresh("low"), k.abs(readAt(matrix, first, before)));
    const high = search.let(fresh("high"), k.abs(readAt(matrix, before, first)));
    const [a, d] = [readAt(matrix, before, before), readAt(matrix, first, first)];
    const sum = search.let(fresh("sum"), k.add(k.abs(a), k.abs(d)));
    const size = k.select(k.eq(sum, zero), norm, sum);
    const gap = search.let(fresh("gap"), k.abs(k.sub(a, d)));
    const ab = search.let(fresh("ab"), k.max(low, high));
    const aa = search.let(fresh("aa"), k.max(k.abs(d), gap));
    const all = search.let(fresh("all"), k.add(aa, ab));
    const limit = k.max(smallest, k.mul(ulp, k.mul(k.min(k.abs(d), gap), k.div(aa, all))));
    const isNegligible = k.or(
      k.le(low, smallest),
      k.and(k.le(low, k.mul(ulp, size)), k.le(k.mul(k.min(low, high), k.div(ab, all)), limit)),
    );
    search.if(
      isNegligible,
      (then) => {
        writeAt(then, matrix, first, before, zero);
        then.set(isOpen, k.bool(false));
      },
      (otherwise) => otherwise.set(first, before),
    );
  });
  return first;
}

/**
 * Numbers of a diagonal block `[[a, b], [c, d]]` of two rows, where p = (a − d) / 2. Its eigenvalues are `d + p ±
 * √discriminant · scale`; the discriminant is divided by the square of `scale` to avoid overflow.
 */
interface PairOfRows {
  readonly b: Expr;
  readonly c: Expr;
  readonly d: Expr;
  readonly p: Expr;
  readonly scale: Expr;
  readonly discriminant: Expr;
}

function pairOf(block: Block, fresh: NameGenerator, matrix: MatrixView, first: Expr): PairOfRows {
  const next = block.let(fresh("next"), k.add(first, k.i32(1)));
  const { type } = readAt(matrix, 0, 0);
  const b = block.let(fresh("b"), readAt(matrix, first, next));
  const c = block.let(fresh("c"), readAt(matrix, next, first));
  const d = block.let(fresh("d"), readAt(matrix, next, next));
  const p = block.let(fresh("p"), k.mul(k.constant(type, 0.5), k.sub(readAt(matrix, first, first), d)));
  const largest = block.let(fresh("largest"), k.max(k.abs(p), k.max(k.abs(b), k.abs(c))));
  const isZero = k.eq(largest, k.constant(type, 0));
  const scale = block.let(fresh("scale"), k.select(isZero, k.constant(type, 1), largest));
  const own = block.let(fresh("own"), k.div(p, scale));
  const product = k.mul(k.div(b, scale), k.div(c, scale));
  return { b, c, d, p, scale, discriminant: block.let(fresh("discriminant"), k.mulAdd(own, own, product)) };
}

/** Makes a block of two rows triangular by a rotation if its eigenvalues are real. */
function splitPair(block: Block, fresh: NameGenerator, { n, matrix, rows }: SchurState, first: Expr): void {
  const { b, c, d, p, scale, discriminant } = pairOf(block, fresh, matrix, first);
  const zero = k.constant(d.type, 0);
  block.if(k.le(zero, discriminant), (real) => {
    const next = real.let(fresh("next"), k.add(first, k.i32(1)));
    const root = real.let(fresh("root"), k.mul(scale, k.sqrt(discriminant)));
    const z = real.let(fresh("z"), k.select(k.lt(p, zero), k.sub(p, root), k.add(p, root)));
    const length = lengthOf(real, fresh, c, z);
    const [cosine, sine] = [
      real.let(fresh("cosine"), k.div(z, length)),
      real.let(fresh("sine"), k.div(c, length)),
    ];
    const turn = (x: MatrixView<WriteView>, from: Expr, to: Expr): void =>
      real.forEach(fresh("j"), from, to, (loop, j) => {
        const [x0, x1] = [
          loop.let(fresh("x"), readAt(x, first, j)),
          loop.let(fresh("x"), readAt(x, next, j)),
        ];
        writeAt(loop, x, first, j, k.mulAdd(cosine, x0, k.mul(sine, x1)));
        writeAt(loop, x, next, j, k.sub(k.mul(cosine, x1), k.mul(sine, x0)));
      });
    turn(matrix, first, k.i32(n));
    turn(transposed(matrix), k.i32(0), k.add(next, k.i32(1)));
    turn(rows, k.i32(0), k.i32(n));
    const one = real.let(fresh("one"), k.add(d, z));
    const safe = k.select(k.eq(z, zero), k.constant(d.type, 1), z);
    const product = k.div(k.mul(k.div(b, scale), c), k.div(safe, scale));
    writeAt(real, matrix, first, first, one);
    writeAt(real, matrix, next, next, k.select(k.eq(z, zero), one, k.sub(d, product)));
    writeAt(real, matrix, next, first, zero);
  });
}

/** The two shifts of a QR step, `re1 + i im` and `re2 − i im`: real numbers if `im` is 0. */
interface Shifts {
  readonly re1: Expr;
  readonly re2: Expr;
  readonly im: Expr;
}

/**
 * The eigenvalues of the last two rows of the block. If both are real, twice the one closer to the last element. Every
 * tenth step uses an exceptional shift, as LAPACK does.
 */
function shiftsOf(
  block: Block,
  fresh: NameGenerator,
  { matrix }: SchurState,
  last: Expr,
  steps: Expr,
): Shifts {
  const { type } = readAt(matrix, 0, 0);
  const number = (x: number): Expr => k.constant(type, x);
  const before = block.let(fresh("before"), k.sub(last, k.i32(1)));
  const [a, b, c, d] = [
    [before, before],
    [before, last],
    [last, before],
    [last, last],
  ].map(([i, j]) => block.let(fresh("h"), readAt(matrix, i!, j!))) as [Expr, Expr, Expr, Expr];
  block.if(k.eq(k.binary("rem", steps, k.i32(stepsUntilException)), k.i32(0)), (then) => {
    const size = then.let(
      fresh("size"),
      k.add(k.abs(c), k.abs(readAt(matrix, before, k.sub(before, k.i32(1))))),
    );
    then.set(a, k.mulAdd(number(0.75), size, d));
    then.set(b, k.mul(number(-0.4375), size));
    then.set(c, size);
    then.set(d, a);
  });
  const sum = k.add(k.add(k.abs(a), k.abs(b)), k.add(k.abs(c), k.abs(d)));
  const size = block.let(fresh("size"), sum);
  const scale = block.let(fresh("scale"), k.select(k.eq(size, number(0)), number(1), size));
  for (const x of [a, b, c, d]) block.set(x, k.div(x, scale));
  const middle = block.let(fresh("middle"), k.mul(number(0.5), k.add(a, d)));
  const determinant = block.let(
    fresh("determinant"),
    k.sub(k.mul(k.sub(a, middle), k.sub(d, middle)), k.mul(b, c)),
  );
  const root = block.let(fresh("root"), k.sqrt(k.abs(determinant)));
  const isComplex = block.let(fresh("isComplex"), k.le(number(0), determinant));
  const [high, low] = [k.add(middle, root), k.sub(middle, root)];
  const isHigh = k.le(k.abs(k.sub(high, d)), k.abs(k.sub(low, d)));
  const re = block.let(fresh("re"), k.mul(scale, k.select(isComplex, middle, k.select(isHigh, high, low))));
  const im = block.let(fresh("im"), k.mul(scale, k.select(isComplex, root, number(0))));
  return { re1: re, re2: re, im };
}

/** One implicit double-shift QR step on the rows `first` to `last` (inclusive), of which there are at least three. */
function francisStep(
  block: Block,
  fresh: NameGenerator,
  state: SchurState,
  first: Expr,
  last: Expr,
  steps: Expr,
): void {
  const { n, matrix, rows } = state;
  const { type } = readAt(matrix, 0, 0);
  const zero = k.constant(type, 0);
  const shifts = shiftsOf(block, fresh, state, last, steps);
  const v = [0, 1, 2].map(() => block.let(fresh("v"), zero)) as [Expr, Expr, Expr];
  const start = startOfStep(block, fresh, matrix, shifts, v, first, last);
  block.for(fresh("r"), start, last, (loop, r) => {
    const [one, two] = [
      loop.let(fresh("one"), k.add(r, k.i32(1))),
      loop.let(fresh("two"), k.add(r, k.i32(2))),
    ];
    const before = loop.let(fresh("before"), k.max(k.sub(r, k.i32(1)), k.i32(0)));
    const hasThree = loop.let(fresh("hasThree"), k.le(two, last));
    loop.if(k.lt(start, r), (then) => {
      then.set(v[0], readAt(matrix, r, before));
      then.set(v[1], readAt(matrix, one, before));
      then.set(v[2], k.select(hasThree, readAt(matrix, two, before), zero));
    });
    const { tau, image } = reflectThree(loop, fresh, v);
    loop.if(
      k.lt(start, r),
      (then) => {
        writeAt(then, matrix, r, before, image);
        writeAt(then, matrix, one, before, zero);
        then.if(hasThree, (three) => writeAt(three, matrix, two, before, zero));
      },
      (otherwise) =>
        otherwise.if(k.lt(first, r), (then) =>
          // the first reflection changes this element by the factor 1 − τ, and its fill-in is negligible
          writeAt(then, matrix, r, before, k.mul(readAt(matrix, r, before), k.sub(k.constant(type, 1), tau))),
        ),
    );
    const [tau1, tau2] = [loop.let(fresh("tau"), k.mul(tau, v[1])), loop.let(fresh("tau"), k.mul(tau, v[2]))];
    const reflect = (x: MatrixView<WriteView>, from: Expr, to: Expr): void =>
      loop.forEach(fresh("j"), from, to, (inner, j) => {
        const [x0, x1, x2] = [r, one, two].map((i) => inner.let(fresh("x"), readAt(x, i, j))) as [Expr, Expr, Expr]; // prettier-ignore
        const along = inner.let(fresh("along"), k.neg(k.mulAdd(v[2], x2, k.mulAdd(v[1], x1, x0))));
        writeAt(inner, x, r, j, k.mulAdd(tau, along, x0));
        writeAt(inner, x, one, j, k.mulAdd(tau1, along, x1));
        writeAt(inner, x, two, j, k.mulAdd(tau2, along, x2));
      });
    reflect(matrix, r, k.i32(n));
    reflect(transposed(matrix), k.i32(0), k.add(k.min(k.add(r, k.i32(3)), last), k.i32(1)));
    reflect(rows, k.i32(0), k.i32(n));
  });
}

/**
 * Sets v to the first column of the product of both shifted matrices, and returns the row where the step begins. This is
 * the last row before which two small neighbouring elements decouple the block.
 */
function startOfStep(
  block: Block,
  fresh: NameGenerator,
  matrix: MatrixView,
  { re1, re2, im }: Shifts,
  v: readonly [Expr, Expr, Expr],
  first: Expr,
  last: Expr,
): Expr {
  const { type } = re1;
  const ulp = k.constant(type, roundingOf(type));
  const start = block.let(fresh("start"), k.sub(last, k.i32(1)));
  const isOpen = block.let(fresh("isOpen"), k.bool(true));
  block.while(isOpen, (search) => {
    search.set(start, k.sub(start, k.i32(1)));
    const next = search.let(fresh("next"), k.add(start, k.i32(1)));
    const [a, d] = [
      search.let(fresh("a"), readAt(matrix, start, start)),
      search.let(fresh("d"), readAt(matrix, next, next)),
    ];
    const low = search.let(fresh("low"), readAt(matrix, next, start));
    const away = search.let(fresh("away"), k.sub(a, re2));
    const scale = search.let(fresh("scale"), k.add(k.add(k.abs(away), k.abs(im)), k.abs(low)));
    const scaled = search.let(fresh("scaled"), k.div(low, scale));
    // (a − s₁)(a − s₂) + b c, with s₂ the conjugate of s₁
    const own = k.mulAdd(k.sub(a, re1), k.div(away, scale), k.mul(im, k.div(im, scale)));
    search.set(v[0], k.mulAdd(scaled, readAt(matrix, start, next), own));
    search.set(v[1], k.mul(scaled, k.sub(k.sub(k.add(a, d), re1), re2)));
    search.set(v[2], k.mul(scaled, readAt(matrix, k.add(next, k.i32(1)), next)));
    const sum = search.let(fresh("sum"), k.add(k.abs(v[0]), k.add(k.abs(v[1]), k.abs(v[2]))));
    const isZero = k.eq(sum, k.constant(type, 0));
    const size = search.let(fresh("size"), k.select(isZero, k.constant(type, 1), sum));
    for (const x of v) search.set(x, k.div(x, size));
    const before = search.let(fresh("before"), k.max(k.sub(start, k.i32(1)), k.i32(0)));
    const around = k.add(k.abs(readAt(matrix, before, before)), k.add(k.abs(a), k.abs(d)));
    const fill = k.mul(k.abs(readAt(matrix, start, before)), k.add(k.abs(v[1]), k.abs(v[2])));
    const isSmall = k.le(fill, k.mul(ulp, k.mul(k.abs(v[0]), around)));
    search.if(k.or(k.le(start, first), isSmall), (then) => then.set(isOpen, k.bool(false)));
  });
  return start;
}

/** Constructs the reflection of three numbers v onto the first one. The vector, with first element 1, replaces v. */
function reflectThree(
  block: Block,
  fresh: NameGenerator,
  v: readonly [Expr, Expr, Expr],
): { readonly tau: Expr; readonly image: Expr } {
  const { type } = v[0];
  const [zero, one] = [k.constant(type, 0), k.constant(type, 1)];
  const tau = block.let(fresh("tau"), zero);
  const image = block.let(fresh("image"), v[0]);
  const rest = block.let(fresh("rest"), k.max(k.abs(v[1]), k.abs(v[2])));
  block.if(k.ne(rest, zero), (then) => {
    const scale = then.let(fresh("scale"), k.max(k.abs(v[0]), rest));
    const [a, b, c] = v.map((x) => then.let(fresh("x"), k.div(x, scale))) as [Expr, Expr, Expr];
    const length = then.let(
      fresh("length"),
      k.mul(scale, k.sqrt(k.mulAdd(a, a, k.mulAdd(b, b, k.mul(c, c))))),
    );
    then.set(image, k.select(k.lt(v[0], zero), length, k.neg(length)));
    const divisor = then.let(fresh("divisor"), k.sub(v[0], image));
    then.set(tau, k.div(k.neg(divisor), image));
    then.set(v[1], k.div(v[1], divisor));
    then.set(v[2], k.div(v[2], divisor));
  });
  block.set(v[0], one);
  return { tau, image };
}

/** A Schur form with complex triangular T. The rows of `rows` are the columns of Q. */
export interface ComplexSchur {
  readonly n: number;
  readonly triangle: ComplexMatrix;
  readonly rows: ComplexMatrix;
}

/** Makes a real Schur form triangular by complex rotations. The imaginary parts need not be initialised. */
export function complexSchur(block: Block, fresh: NameGenerator, form: ComplexSchur): void {
  const { n, triangle, rows } = form;
  const { type } = readAt(triangle.re, 0, 0);
  const zero = k.constant(type, 0);
  for (const { im } of [triangle, rows])
    block.forEach(fresh("i"), k.i32(0), k.i32(n), (loop, i) =>
      loop.forEach(fresh("j"), k.i32(0), k.i32(n), (inner, j) => writeAt(inner, im, i, j, zero)),
    );
  block.for(fresh("r"), k.i32(0), k.i32(n - 1), (loop, r) =>
    loop.if(k.ne(readAt(triangle.re, k.add(r, k.i32(1)), r), zero), (then) =>
      rotatePair(then, fresh, form, r),
    ),
  );
}

/** Makes the real block of rows r and r + 1, with complex eigenvalues, triangular. */
function rotatePair(block: Block, fresh: NameGenerator, { n, triangle, rows }: ComplexSchur, r: Expr): void {
  const next = block.let(fresh("next"), k.add(r, k.i32(1)));
  const { c, d, p, scale, discriminant } = pairOf(block, fresh, triangle.re, r);
  const root = block.let(fresh("root"), k.mul(scale, k.sqrt(k.neg(discriminant))));
  // (p + i ω, c) is an eigenvector of the block
  const length = lengthOf(block, fresh, lengthOf(block, fresh, p, root), c);
  const first = letComplex(block, fresh, "u", { re: k.div(p, length), im: k.div(root, length) });
  const second = block.let(fresh("u"), k.div(c, length));
  const turn = (x: ComplexMatrix, u: ComplexExpr, from: Expr, to: Expr): void =>
    block.forEach(fresh("j"), from, to, (loop, j) => {
      const [x0, x1] = [r, next].map((i) => letComplex(loop, fresh, "x", readComplex(x, i, j))) as [
        ComplexExpr,
        ComplexExpr,
      ];
      writeComplex(loop, x, r, j, sumOf(productOf(u, x0), multipleOf(x1, second)));
      writeComplex(loop, x, next, j, sumOf(multipleOf(x0, k.neg(second)), productOf(conjugate(u), x1)));
    });
  turn(triangle, conjugate(first), r, k.i32(n));
  const columns = { re: transposed(triangle.re), im: transposed(triangle.im) };
  turn(columns, first, k.i32(0), k.add(next, k.i32(1)));
  turn(rows, first, k.i32(0), k.i32(n));
  const zero = k.constant(d.type, 0);
  const value = letComplex(block, fresh, "value", { re: k.add(d, p), im: root });
  writeComplex(block, triangle, r, r, value);
  writeComplex(block, triangle, next, next, conjugate(value));
  writeComplex(block, triangle, next, r, { re: zero, im: zero });
}
