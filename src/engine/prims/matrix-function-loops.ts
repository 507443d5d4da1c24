// Loops of `matrixFunction`: square roots and logarithms of matrices by their Schur form.
import type { LowerContext, WriteView } from "../ir/primitive.ts";
import { scalarTypeOf } from "../ir/types.ts";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import { atan264, hypot64, log1p64, log64 } from "../kernel/math/index.ts";
import type { Expr } from "../kernel/scalar.ts";
import { sizeOf } from "../util/shape.ts";
import type { ComplexExpr, ComplexMatrix } from "./complex-loops.ts";
import {
  conjugate,
  differenceOf,
  lengthOf,
  letComplex,
  multipleOf,
  productOf,
  quotientOf,
  readComplex,
  rootOf,
  setComplex,
  sizeOfParts,
  sumOf,
  sumOver,
  writeComplex,
} from "./complex-loops.ts";
import { isFinite, largestOf, scaleOf } from "./eigh.ts";
import { through } from "./elementwise.ts";
import type { Index, MatrixView } from "./matrix-loops.ts";
import { countOf, eachMatrix, matrixOf, readAt, vectorOf, writeAt } from "./matrix-loops.ts";
import type { NameGenerator } from "./rotations.ts";
import { complexSchur, realSchur } from "./schur.ts";

/** Parameters of functions of matrices. */
export interface MatrixFunctionParams {
  /** Name of the function: the principal square root or logarithm. */
  readonly of: "sqrtm" | "logm";
}

/** Nodes and weights of the Gauss–Legendre rule of 7 points on [0, 1]. */
const nodes: readonly (readonly [node: number, weight: number])[] = [
  [0.025446043828620736, 0.06474248308443485],
  [0.12923440720030277, 0.13985269574463832],
  [0.2970774243113014, 0.19091502525255946],
  [0.5, 0.2089795918367347],
  [0.7029225756886985, 0.19091502525255946],
  [0.8707655927996972, 0.13985269574463832],
  [0.9745539561713793, 0.06474248308443485],
];

/**
 * Largest value of ‖X²‖^(1/2) and ‖X³‖^(1/3) for which the quadrature rule computes log(I + X) to full precision in
 * float64.
 */
const largestNorm = 0.25;
/** Maximum number of square roots. The largest number of float64 needs 13; matrices far from normal need more. */
const mostRoots = 1100;

/** Views of one matrix. */
interface FunctionState {
  readonly n: number;
  /** Rows of the triangular matrix to which the function is applied: n, or 2 n for a derivative. */
  readonly wide: number;
  readonly triangle: ComplexMatrix;
  /** Columns of Q as rows. */
  readonly rows: ComplexMatrix;
  /** Scratch memory for a product, `[n, n]`. */
  readonly product: ComplexMatrix;
  readonly x: ComplexMatrix;
  /** Diagonal of the current root, a row. */
  readonly roots: ComplexMatrix;
  /** Number that was subtracted from the diagonal of the matrix: 1 for a logarithm near I, otherwise 0. */
  readonly shift: Expr;
  /** Scratch memory of logarithms. */
  readonly solution: ComplexMatrix | undefined;
  readonly total: ComplexMatrix | undefined;
}

type EachRow = (loop: Block, i: Expr) => void;

/** Writes the function of each matrix of a batch; with a second operand E, the derivative in the direction E. */
export function emitMatrixFunction(context: LowerContext, { of }: MatrixFunctionParams): void {
  const { fresh, ins, outs, scratch } = context;
  const a = ins[0]!;
  const { shape, dtype } = a.type;
  if (sizeOf(shape) === 0) return;
  const n = shape.at(-1)!;
  const type = scalarTypeOf(dtype);
  const zero = k.constant(type, 0);
  const along = vectorOf(scratch[0]!, 0, n);
  const parts = scratch.slice(1).map((view): MatrixView<WriteView> => matrixOf(view, 0));
  const [triangle, rows, product, x, roots, solution, total] = [0, 2, 4, 6, 8, 10, 12].map((i) => parts[i] && { re: parts[i], im: parts[i + 1]! }) as [ComplexMatrix, ComplexMatrix, ComplexMatrix, ComplexMatrix, ComplexMatrix, ComplexMatrix?, ComplexMatrix?]; // prettier-ignore
  const wide = ins.length * n;
  eachMatrix(context, countOf(shape), false, (block, item) => {
    const given = matrixOf(a, item);
    const largest = largestOf(block, fresh, given, n, () => k.i32(n));
    const isKnown = block.let(fresh("isKnown"), isFinite(largest));
    const scale = block.let(fresh("scale"), k.select(isKnown, scaleOf(largest), k.constant(type, 1)));
    const shift = of === "logm" ? shiftOf(block, fresh, given, n) : zero;
    const state: FunctionState = { n, wide, triangle, rows, product, x, roots, shift, solution, total };
    square(block, fresh, n + 1, (loop, i, j) => writeAt(loop, triangle.re, i, j, zero));
    block.if(isKnown, (then) =>
      square(then, fresh, n, (loop, i, j) =>
        writeAt(
          loop,
          triangle.re,
          i,
          j,
          k.sub(k.div(readAt(given, i, j), scale), k.select(k.eq(i, j), shift, zero)),
        ),
      ),
    );
    realSchur(
      block,
      fresh,
      { n, matrix: triangle.re, rows: rows.re, isKnown },
      { vectors: product.re, along },
    );
    complexSchur(block, fresh, { n, triangle, rows });
    const direction = ins[1] && matrixOf(ins[1], item);
    copyBlocks(block, fresh, state, direction);
    const isReal = classify(block, fresh, state, of, isKnown);
    if (of === "sqrtm") squareRoot(block, fresh, state);
    else block.if(isKnown, (then) => logarithm(then, fresh, state, scale));
    const factor = factorOf(of, scale, direction !== undefined);
    const result = outs.map((view) => matrixOf(view, item)) as [MatrixView<WriteView>, MatrixView<WriteView>];
    transformBack(block, fresh, state, of === "sqrtm" ? x : total!, { re: result[0], im: result[1] });
    square(block, fresh, n, (loop, i, j) => {
      const nan = k.constant(type, Number.NaN);
      const [re, im] = result.map((part) => k.mul(factor, readAt(part, i, j))) as [Expr, Expr];
      writeAt(loop, result[0], i, j, k.select(isKnown, re, nan));
      writeAt(loop, result[1], i, j, k.select(isKnown, k.select(isReal, zero, im), nan));
    });
  });
}

/** Returns 1 if the matrix is so close to I that I can be subtracted without rounding errors, otherwise 0. */
function shiftOf(block: Block, fresh: NameGenerator, given: MatrixView, n: number): Expr {
  const { type } = readAt(given, 0, 0);
  const distance = block.let(fresh("distance"), k.constant(type, 0));
  eachIndex(block, fresh, n, (loop, i) =>
    loop.for(fresh("j"), k.i32(0), k.i32(n), (inner, j) => {
      const own = k.sub(readAt(given, i, j), k.convert(type, k.eq(i, j)));
      inner.set(distance, k.max(distance, k.abs(own)));
    }),
  );
  return block.let(fresh("shift"), k.convert(type, k.lt(distance, k.constant(type, 0.25))));
}

/** Factor of the result for a matrix that was divided by `scale`. The logarithm of the scale is added to the diagonal. */
function factorOf(of: MatrixFunctionParams["of"], scale: Expr, isDerivative: boolean): Expr {
  const one = k.constant(scale.type, 1);
  if (of === "sqrtm") return isDerivative ? k.div(one, k.sqrt(scale)) : k.sqrt(scale);
  return isDerivative ? k.div(one, scale) : one;
}

/** Writes loops over the elements of a square matrix with n rows. */
function square(
  block: Block,
  fresh: NameGenerator,
  n: number,
  each: (loop: Block, i: Expr, j: Expr) => void,
): void {
  block.forEach(fresh("i"), k.i32(0), k.i32(n), (loop, i) =>
    loop.forEach(fresh("j"), k.i32(0), k.i32(n), (inner, j) => each(inner, i, j)),
  );
}

/** `out = Σₗ left(i, l) right(l, j)` for complex matrices of n rows. */
function multiply(
  block: Block,
  fresh: NameGenerator,
  n: number,
  out: ComplexMatrix,
  left: (i: Expr, l: Expr) => ComplexExpr,
  right: (l: Expr, j: Expr) => ComplexExpr,
): void {
  const zero = k.constant(readAt(out.re, 0, 0).type, 0);
  block.for(fresh("i"), k.i32(0), k.i32(n), (loop, i) => {
    loop.forEach(fresh("j"), k.i32(0), k.i32(n), (inner, j) =>
      writeComplex(inner, out, i, j, { re: zero, im: zero }),
    );
    loop.for(fresh("l"), k.i32(0), k.i32(n), (inner, l) => {
      const x = letComplex(inner, fresh, "x", left(i, l));
      inner.forEach(fresh("j"), k.i32(0), k.i32(n), (each, j) =>
        writeComplex(each, out, i, j, sumOf(readComplex(out, i, j), productOf(x, right(l, j)))),
      );
    });
  });
}

/** Sets x to the triangle T, or to `[[T, F], [0, T]]` with `F = Qᴴ E Q` for a direction E. */
function copyBlocks(
  block: Block,
  fresh: NameGenerator,
  { n, wide, triangle, rows, product, x }: FunctionState,
  direction: MatrixView | undefined,
): void {
  const zero = k.constant(readAt(x.re, 0, 0).type, 0);
  square(block, fresh, wide, (loop, i, j) => writeComplex(loop, x, i, j, { re: zero, im: zero }));
  const copy = (from: number): void =>
    square(block, fresh, n, (loop, i, j) =>
      writeComplex(loop, x, after(i, from), after(j, from), readComplex(triangle, i, j)),
    );
  copy(0);
  if (direction === undefined) return;
  copy(n);
  multiply(
    block,
    fresh,
    n,
    product,
    (i, l) => ({ re: readAt(direction, i, l), im: zero }),
    (l, j) => readComplex(rows, j, l),
  );
  const corner: ComplexMatrix = { re: shifted(x.re, n), im: shifted(x.im, n) };
  multiply(
    block,
    fresh,
    n,
    corner,
    (i, l) => conjugate(readComplex(rows, i, l)),
    (l, j) => readComplex(product, l, j),
  );
}

const after = (i: Expr, by: number): Expr => (by === 0 ? i : k.add(i, k.i32(by)));

/** View of the columns from `by` on. */
function shifted(x: MatrixView<WriteView>, by: number): MatrixView<WriteView> {
  return { ...x, start: k.add(x.start, k.i32(by)) };
}

/**
 * Returns whether the result is real: no eigenvalue is a negative real number. A matrix with an eigenvalue 0 has no
 * logarithm, and `isKnown` becomes false.
 */
function classify(
  block: Block,
  fresh: NameGenerator,
  { n, x, shift }: FunctionState,
  of: MatrixFunctionParams["of"],
  isKnown: Expr,
): Expr {
  const zero = k.constant(readAt(x.re, 0, 0).type, 0);
  const isReal = block.let(fresh("isReal"), k.bool(true));
  block.for(fresh("i"), k.i32(0), k.i32(n), (loop, i) => {
    const own = readComplex(x, i, i);
    const [re, im] = [loop.let(fresh("re"), k.add(own.re, shift)), own.im];
    loop.if(k.and(k.eq(im, zero), k.lt(re, zero)), (then) => then.set(isReal, k.bool(false)));
    if (of === "logm")
      loop.if(k.and(k.eq(im, zero), k.eq(re, zero)), (then) => then.set(isKnown, k.bool(false)));
  });
  return isReal;
}

const eachIndex = (block: Block, fresh: NameGenerator, n: number, body: EachRow): void =>
  block.for(fresh("i"), k.i32(0), k.i32(n), body);

/**
 * Replaces the off-diagonal elements of x by those of its square root, whose diagonal is `roots`. The quotient 0 / 0 is
 * 0.
 *
 * @see Björck & Hammarling, A Schur method for the square root of a matrix, Linear Algebra Appl. 52/53, 1983.
 */
function rootsBeside(block: Block, fresh: NameGenerator, { wide, x, roots }: FunctionState): void {
  const zero = k.constant(readAt(x.re, 0, 0).type, 0);
  eachIndex(block, fresh, wide, (column, j) =>
    column.for(
      fresh("i"),
      k.i32(0),
      j,
      (loop, i) => {
        const next = loop.let(fresh("next"), k.add(i, k.i32(1)));
        const sum = sumOfProducts(loop, fresh, x, x, i, j, next, j);
        const rest = letComplex(loop, fresh, "rest", differenceOf(readComplex(x, i, j), sum));
        loop.if(k.not(k.eq(sizeOfParts(rest), zero)), (then) => {
          const sums = letComplex(
            then,
            fresh,
            "sums",
            sumOf(readComplex(roots, 0, i), readComplex(roots, 0, j)),
          );
          setComplex(then, rest, quotientOf(then, fresh, rest, sums));
        });
        writeComplex(loop, x, i, j, rest);
      },
      true,
    ),
  );
}

/** `Σ x(i, l) y(l, j)` for l from `from` to `to` (exclusive). */
function sumOfProducts(
  block: Block,
  fresh: NameGenerator,
  x: ComplexMatrix,
  y: ComplexMatrix,
  i: Expr,
  j: Expr,
  from: Expr,
  to: Expr,
): ComplexExpr {
  return sumOver(block, fresh, readAt(x.re, 0, 0).type, from, to, (l) =>
    productOf(readComplex(x, i, l), readComplex(y, l, j)),
  );
}

/** Replaces the triangular matrix x by its principal square root. */
function squareRoot(block: Block, fresh: NameGenerator, state: FunctionState): void {
  const { wide, x, roots } = state;
  eachIndex(block, fresh, wide, (loop, i) =>
    writeComplex(loop, roots, 0, i, rootOf(loop, fresh, letComplex(loop, fresh, "x", readComplex(x, i, i)))),
  );
  rootsBeside(block, fresh, state);
  eachIndex(block, fresh, wide, (loop, i) => writeComplex(loop, x, i, i, readComplex(roots, 0, i)));
}

/**
 * Computes the logarithm of the triangular matrix x, multiplied by `scale`, in `total`. Square roots bring x close to
 * I, and a rule of quadrature computes `∫ (I + t X)⁻¹ X dt`, which is a Padé approximant. The difference X of x and I is
 * updated without cancellation: `√a − 1 = (a − 1) / (√a + 1)`.
 *
 * @see Al-Mohy & Higham, Improved inverse scaling and squaring algorithms for the matrix logarithm, SIAM J. Sci. Comput.
 * 34, 2012; Dieci, Morini & Papini, SIAM J. Matrix Anal. Appl. 17, 1996, for the rule.
 */
function logarithm(block: Block, fresh: NameGenerator, state: FunctionState, scale: Expr): void {
  const { wide, x, roots, triangle, n, shift } = state;
  const total = state.total!;
  const { type } = scale;
  const [zero, one] = [k.constant(type, 0), k.constant(type, 1)];
  eachIndex(block, fresh, wide, (loop, i) => {
    const { re, im } = letComplex(loop, fresh, "x", readComplex(x, i, i));
    writeComplex(loop, roots, 0, i, { re: k.add(re, shift), im });
    writeComplex(loop, x, i, i, { re: k.sub(re, k.sub(one, shift)), im });
  });
  const factor = block.let(fresh("factor"), one);
  const count = block.let(fresh("count"), k.i32(0));
  const isOpen = block.let(fresh("isOpen"), k.not(isCloseToIdentity(block, fresh, state)));
  block.while(k.and(isOpen, k.lt(count, k.i32(mostRoots))), (step) => {
    step.set(count, k.add(count, k.i32(1)));
    step.set(factor, k.mul(factor, k.constant(type, 2)));
    eachIndex(step, fresh, wide, (loop, i) => {
      const root = letComplex(loop, fresh, "root", rootOf(loop, fresh, letComplex(loop, fresh, "x", readComplex(roots, 0, i)))); // prettier-ignore
      writeComplex(loop, roots, 0, i, root);
      const sum: ComplexExpr = { re: k.add(one, root.re), im: root.im };
      writeComplex(loop, x, i, i, quotientOf(loop, fresh, readComplex(x, i, i), sum));
    });
    rootsBeside(step, fresh, state);
    step.set(isOpen, k.not(isCloseToIdentity(step, fresh, state)));
  });
  square(block, fresh, wide, (loop, i, j) => writeComplex(loop, total, i, j, { re: zero, im: zero }));
  for (const [node, weight] of nodes) addQuadrature(block, fresh, state, node, weight);
  square(block, fresh, wide, (loop, i, j) =>
    writeComplex(loop, total, i, j, multipleOf(readComplex(total, i, j), factor)),
  );
  eachIndex(block, fresh, n, (loop, i) => {
    const { re, im } = letComplex(loop, fresh, "x", readComplex(triangle, i, i));
    const far = k.add(through(log64)(through(hypot64)(re, im)), through(log64)(scale));
    const excess = k.mulAdd(im, im, k.mul(re, k.add(re, k.constant(type, 2)))); // |1 + x|² − 1
    const near = k.mul(k.constant(type, 0.5), through(log1p64)(excess));
    const size = loop.let(fresh("size"), k.select(k.eq(shift, zero), far, near));
    writeComplex(loop, total, i, i, { re: size, im: through(atan264)(im, k.add(re, shift)) });
  });
}

/**
 * True if the square and the cube of X, the leading block of x, are small enough for the quadrature rule
 * (`largestNorm`). Their norms are estimated from above.
 */
function isCloseToIdentity(block: Block, fresh: NameGenerator, { n, x, solution }: FunctionState): Expr {
  const { type } = readAt(x.re, 0, 0);
  const [zero, one] = [k.constant(type, 0), k.constant(type, 1)];
  // row sums of |X|, |X|² and |X|³ by products with a vector, in three rows of scratch memory
  const vectors = solution!.re;
  const worst = [0, 1, 2].map(() => block.let(fresh("worst"), zero)) as [Expr, Expr, Expr];
  const count = 3;
  for (let power = 0; power < count; power++)
    eachIndex(block, fresh, n, (loop, i) => {
      const sum = loop.let(fresh("sum"), zero);
      loop.for(fresh("j"), i, k.i32(n), (inner, j) => {
        const own = readComplex(x, i, j);
        const size = lengthOf(inner, fresh, own.re, own.im);
        inner.set(
          sum,
          k.mulAdd(size, power === 0 ? one : readAt(power % 2 === 1 ? vectors : solution!.im, 0, j), sum),
        );
      });
      writeAt(loop, power % 2 === 0 ? vectors : solution!.im, 0, i, sum);
      loop.set(worst[power]!, k.max(worst[power]!, sum));
    });
  const [, second, third] = worst;
  return block.let(
    fresh("isClose"),
    k.and(k.le(second, k.constant(type, largestNorm ** 2)), k.le(third, k.constant(type, largestNorm ** 3))),
  );
}

/** Adds `weight (I + node X)⁻¹ X` to `total`, by back substitution. */
function addQuadrature(
  block: Block,
  fresh: NameGenerator,
  { wide, x, solution, total }: FunctionState,
  node: number,
  weight: number,
): void {
  const { type } = readAt(x.re, 0, 0);
  const number = (value: number): Expr => k.constant(type, value);
  const z = solution!;
  eachIndex(block, fresh, wide, (column, j) =>
    column.for(
      fresh("i"),
      k.i32(0),
      k.add(j, k.i32(1)),
      (loop, i) => {
        const next = loop.let(fresh("next"), k.add(i, k.i32(1)));
        const sum = sumOfProducts(loop, fresh, x, z, i, j, next, k.add(j, k.i32(1)));
        const rest = differenceOf(readComplex(x, i, j), multipleOf(sum, number(node)));
        const own = multipleOf(readComplex(x, i, i), number(node));
        const y = letComplex(loop, fresh, "y", quotientOf(loop, fresh, letComplex(loop, fresh, "rest", rest), { re: k.add(number(1), own.re), im: own.im })); // prettier-ignore
        writeComplex(loop, z, i, j, y);
        writeComplex(loop, total!, i, j, sumOf(readComplex(total!, i, j), multipleOf(y, number(weight))));
      },
      true,
    ),
  );
}

/** Writes `Q X Qᴴ` for the last n columns of the first n rows of x. */
function transformBack(
  block: Block,
  fresh: NameGenerator,
  { n, wide, rows, product }: FunctionState,
  x: ComplexMatrix,
  out: ComplexMatrix,
): void {
  const from: Index = k.i32(wide - n);
  multiply(
    block,
    fresh,
    n,
    product,
    (i, l) => readComplex(x, i, k.add(l, from)),
    (l, j) => conjugate(readComplex(rows, l, j)),
  );
  multiply(
    block,
    fresh,
    n,
    out,
    (i, l) => readComplex(rows, l, i),
    (l, j) => readComplex(product, l, j),
  );
}
