import type { LowerContext, Primitive } from "../ir/primitive.ts";
import { builtIn } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { arrayType, scalarTypeOf } from "../ir/types.ts";
import * as k from "../kernel/build.ts";
import { bind1 } from "../trace/bind.ts";
import { sizeOf } from "../util/shape.ts";
import { batchAlong } from "./index-ops.ts";
import { add, neg, sub } from "./linear.ts";
import { identityLike, product, requireMatrices, requireSides, requireSquare } from "./matrices.ts";
import {
  countOf,
  eachMatrix,
  emitTriangular,
  matrixOf,
  sidesOf,
  solvesInBlocks,
  transposed,
} from "./matrix-loops.ts";
import { permute, reshape } from "./shape.ts";

export interface TriangleParams {
  readonly lower: boolean;
  /** Factor by which the elements of the diagonal are multiplied. */
  readonly diagonal: number;
}

const trianglePrim: Primitive<TriangleParams> = /* @__PURE__ */ builtIn<TriangleParams>({
  name: "triangle",
  moves: true,
  typeOf: ([x]) => [requireMatrices("triangle", x!)],
  derivative: {
    kind: "linear",
    operands: "all",
    transpose: ([ct], _, params, into) => into[0]?.add(bind1(trianglePrim, [ct!], params), true),
  },
  batch: ([x], _, __, params) => ({ outs: [bind1(trianglePrim, [x!], params)], batched: [true] }),
  lowering: {
    kind: "map",
    element(at, index, { lower, diagonal }, _, { dtype }) {
      const [i, j] = index.slice(-2);
      const type = scalarTypeOf(dtype);
      const x = at(0, index);
      const zero = k.constant(type, 0);
      const scaled = diagonal === 0 ? zero : diagonal === 1 ? x : k.mul(x, k.constant(type, diagonal));
      return k.select(lower ? k.lt(j!, i!) : k.lt(i!, j!), x, k.select(k.eq(i!, j!), scaled, zero));
    },
  },
});

/** The lower or upper triangle of each matrix, with its diagonal multiplied by `diagonal`; zero elsewhere. */
export function triangle(x: Tensor, lower: boolean, diagonal = 1): Tensor {
  return bind1(trianglePrim, [x], { lower, diagonal });
}

/** The lower triangle of each matrix, with a unit diagonal. */
export function unitLower(x: Tensor): Tensor {
  return add(triangle(x, true, 0), identityLike(x.type));
}

export interface TriangularParams {
  /** True if the lower triangle of the matrix is read, false for the upper one. */
  readonly lower: boolean;
  /** True to solve with the transposed matrix. */
  readonly transpose: boolean;
  /** True if the diagonal counts as ones and is not read. */
  readonly unit: boolean;
}

const solvePrim: Primitive<TriangularParams> = /* @__PURE__ */ builtIn<TriangularParams>({
  name: "triangularSolve",
  asked: "solveTriangular",
  typeOf: ([a, b]) => [requireSides("solveTriangular", requireSquare("solveTriangular", a!), b!)],
  derivative: {
    kind: "smooth",
    jvp([da, db], [a], [x], params) {
      const { lower, transpose, unit } = params;
      // A dX = dB − dA X
      const moved = da && product(triangle(da, lower, unit ? 0 : 1), x!, { x: transpose });
      const side = moved === undefined ? db : db === undefined ? neg(moved) : sub(db, moved);
      return [side && triangularSolve(a!, side, params)];
    },
    transpose([ct], [a], params, into) {
      into[1]?.add(triangularSolve(a!, ct!, { ...params, transpose: !params.transpose }));
    },
  },
  batch([a, b], [aBatched, bBatched], size, params) {
    if (aBatched !== true && a!.type.shape.length === 2) {
      // a single matrix for the whole batch: its right sides become columns of one system
      const [n, m] = sidesOf(b!.type.shape);
      const wide = reshape(permute(b!, [1, 0, 2]), [n, size * m]);
      const out = reshape(triangularSolve(a!, wide, params), [n, size, m]);
      return { outs: [permute(out, [1, 0, 2])], batched: [true] };
    }
    const all = [
      aBatched === true ? a! : batchAlong(a!, size),
      bBatched === true ? b! : batchAlong(b!, size),
    ];
    return { outs: [triangularSolve(all[0]!, all[1]!, params)], batched: [true] };
  },
  lowering: {
    kind: "loops",
    inPlace: () => [{ result: 0, operand: 1 }],
    scratch: (_, [, b]) => negatedScratch(b!),
    emit: emitSolve,
  },
  cost: "high",
});

/** Scratch memory for the negated solved rows of one system, if it is solved in blocks. */
export function negatedScratch(b: ArrayType): { name: string; type: ArrayType }[] {
  const [n, m] = sidesOf(b.shape);
  return solvesInBlocks(n, m) ? [{ name: "negated", type: arrayType(b.dtype, [n, m]) }] : [];
}

function emitSolve(context: LowerContext, { lower, transpose, unit }: TriangularParams): void {
  const { block, fresh, ins, outs, scratch } = context;
  const [a, b, out] = [ins[0]!, ins[1]!, outs[0]!];
  const { shape } = out.type;
  if (sizeOf(shape) === 0) return;
  const [rows, columns] = sidesOf(shape);
  context.copy(block, out, b);
  const negated = scratch[0] && matrixOf(scratch[0], 0);
  eachMatrix(context, countOf(shape), negated === undefined, (inner, item) => {
    const own = matrixOf(a, item);
    emitTriangular(
      inner,
      fresh,
      {
        triangle: transpose ? transposed(own) : own,
        rhs: matrixOf(out, item),
        rows,
        columns,
        reverse: lower === transpose,
        unit,
      },
      negated,
    );
  });
}

/**
 * Solutions X of A X = B, or of Aᵀ X = B, for triangular matrices A, `[…, n, n]`, and B, `[…, n, m]`. NaN if the
 * diagonal is read and contains a zero.
 */
export function triangularSolve(a: Tensor, b: Tensor, params: TriangularParams): Tensor {
  return bind1(solvePrim, [a, b], params);
}
