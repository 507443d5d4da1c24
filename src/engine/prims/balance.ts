// Balancing of a square matrix before its eigenvalues are computed: permutations and a diagonal scaling.
import type { WriteView } from "../ir/primitive.ts";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import type { Expr } from "../kernel/scalar.ts";
import type { MatrixView, VectorView } from "./matrix-loops.ts";
import { readAt, transposed, writeAt } from "./matrix-loops.ts";
import type { NameGenerator } from "./rotations.ts";

/** A matrix of n rows to balance. Afterwards it is D⁻¹ Pᵀ A P D. */
export interface BalanceState {
  readonly n: number;
  readonly matrix: MatrixView<WriteView>;
  /** The permutation P: for each row, its index before balancing, as an integer. */
  readonly order: VectorView;
  /** The diagonal of D: powers of 2. */
  readonly factors: VectorView;
}

/** Maximum number of rounds of scaling; a few are usual. */
const mostRounds = 40;

/**
 * Balances a matrix. A row whose off-diagonal elements are 0 has its eigenvalue on the diagonal, as in a triangular
 * matrix; permutations move such rows, and such columns, to the ends. The remaining rows and columns are scaled by
 * powers of 2 until they have similar norms.
 *
 * @see Parlett & Reinsch, Balancing a matrix, Numer. Math. 13, 1969; with the norm of James, Langou & Lowery, 2014.
 */
export function balance(block: Block, fresh: NameGenerator, state: BalanceState): void {
  const { n, order, factors, matrix } = state;
  const { type } = readAt(matrix, 0, 0);
  block.forEach(fresh("i"), k.i32(0), k.i32(n), (loop, i) => {
    order.write(loop, i, i);
    factors.write(loop, i, k.constant(type, 1));
  });
  const low = block.let(fresh("low"), k.i32(0));
  const high = block.let(fresh("high"), k.i32(n));
  isolate(block, fresh, state, matrix, low, high, (then) => {
    then.set(high, k.sub(high, k.i32(1)));
    return high;
  });
  isolate(block, fresh, state, transposed(matrix), low, high, (then) => {
    const end = then.let(fresh("end"), low);
    then.set(low, k.add(low, k.i32(1)));
    return end;
  });
  const isOpen = block.let(fresh("isOpen"), k.bool(true));
  const rounds = block.let(fresh("rounds"), k.i32(0));
  block.while(k.and(isOpen, k.lt(rounds, k.i32(mostRounds))), (round) => {
    round.set(isOpen, k.bool(false));
    round.set(rounds, k.add(rounds, k.i32(1)));
    round.for(fresh("i"), low, high, (loop, i) => scaleRow(loop, fresh, state, low, high, i, isOpen));
  });
}

/**
 * Moves the rows of `lines` whose off-diagonal elements in the columns `low` to `high` (exclusive) are all 0 to an end
 * of this range. `shrink` shortens the range by one row at that end and returns the index of the row. For columns,
 * `lines` is the transpose of the matrix.
 */
function isolate(
  block: Block,
  fresh: NameGenerator,
  state: BalanceState,
  lines: MatrixView,
  low: Expr,
  high: Expr,
  shrink: (then: Block) => Expr,
): void {
  const zero = k.constant(readAt(lines, 0, 0).type, 0);
  const isOpen = block.let(fresh("isOpen"), k.lt(low, high));
  block.while(isOpen, (search) => {
    const found = search.let(fresh("found"), k.i32(-1));
    search.for(fresh("i"), low, high, (loop, i) => {
      const count = loop.reduce(fresh("count"), "add", k.i32(0), fresh("j"), low, high, (_, j) =>
        k.convert("i32", k.and(k.ne(i, j), k.ne(readAt(lines, i, j), zero))),
      );
      loop.if(k.eq(count, k.i32(0)), (then) => then.set(found, i));
    });
    search.if(
      k.le(k.i32(0), found),
      (then) => {
        swapLines(then, fresh, state, found, shrink(then));
        then.set(isOpen, k.lt(low, high));
      },
      (otherwise) => otherwise.set(isOpen, k.bool(false)),
    );
  });
}

/** Exchanges two rows and the columns of the same indices. */
function swapLines(
  block: Block,
  fresh: NameGenerator,
  { n, matrix, order }: BalanceState,
  a: Expr,
  b: Expr,
): void {
  for (const x of [matrix, transposed(matrix)])
    block.forEach(fresh("j"), k.i32(0), k.i32(n), (loop, j) => {
      const own = loop.let(fresh("own"), readAt(x, a, j));
      writeAt(loop, x, a, j, readAt(x, b, j));
      writeAt(loop, x, b, j, own);
    });
  const own = block.let(fresh("own"), order.read(a));
  order.write(block, a, order.read(b));
  order.write(block, b, own);
}

/** Scales row and column i by a power of 2 if this reduces the sum of their norms by more than a twentieth. */
function scaleRow(
  block: Block,
  fresh: NameGenerator,
  { n, matrix, factors }: BalanceState,
  low: Expr,
  high: Expr,
  i: Expr,
  hasChanged: Expr,
): void {
  const { type } = readAt(matrix, 0, 0);
  const number = (x: number): Expr => k.constant(type, x);
  const normOf = (x: MatrixView): Expr => {
    const squares = block.reduce(fresh("squares"), "add", number(0), fresh("j"), low, high, (_, j) =>
      k.mul(readAt(x, i, j), readAt(x, i, j)),
    );
    return block.let(fresh("norm"), k.sqrt(squares));
  };
  const [row, column] = [normOf(matrix), normOf(transposed(matrix))];
  const sum = block.let(fresh("sum"), k.add(row, column));
  const factor = block.let(fresh("factor"), number(1));
  const bound = type === "f64" ? 2 ** 400 : 2 ** 50;
  const own = factors.read(i);
  block.if(k.and(k.lt(number(0), row), k.lt(number(0), column)), (then) => {
    // the row is divided by the factor, the column multiplied by it
    const canGrow = k.lt(k.mul(own, factor), number(bound));
    then.while(k.and(k.lt(k.mul(column, number(2)), row), canGrow), (grow) => scaleBy(grow, 2));
    const canShrink = k.lt(number(1 / bound), k.mul(own, factor));
    then.while(k.and(k.le(k.mul(row, number(2)), column), canShrink), (less) => scaleBy(less, 0.5));
  });
  function scaleBy(inner: Block, by: number): void {
    inner.set(factor, k.mul(factor, number(by)));
    inner.set(column, k.mul(column, number(by)));
    inner.set(row, k.mul(row, number(1 / by)));
  }
  block.if(k.lt(k.add(row, column), k.mul(number(0.95), sum)), (then) => {
    const inverse = then.let(fresh("inverse"), k.div(number(1), factor));
    then.forEach(fresh("j"), k.i32(0), k.i32(n), (loop, j) =>
      writeAt(loop, matrix, i, j, k.mul(inverse, readAt(matrix, i, j))),
    );
    then.forEach(fresh("j"), k.i32(0), k.i32(n), (loop, j) =>
      writeAt(loop, matrix, j, i, k.mul(factor, readAt(matrix, j, i))),
    );
    factors.write(then, i, k.mul(factors.read(i), factor));
    then.set(hasChanged, k.bool(true));
  });
}
