import type { LowerContext, Primitive, Scratch } from "../ir/primitive.ts";
import { builtIn } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { arrayType } from "../ir/types.ts";
import { bind } from "../trace/bind.ts";
import { range } from "../util/shape.ts";
import { abs, div, equal, maximum, mul } from "./arithmetic.ts";
import { emitEig } from "./eig-loops.ts";
import type { SpectrumParams } from "./eigh.ts";
import { diagonalOf, nextOrder } from "./eigh.ts";
import { iota } from "./index-ops.ts";
import { add, full, neg, stopGradient, sub, where, zeros } from "./linear.ts";
import { diagonalPlaces, product, requireSquare } from "./matrices.ts";
import { broadcast, sum } from "./shape.ts";

/** Real and imaginary parts of complex arrays, of equal type. */
export interface ComplexParts {
  readonly re: Tensor;
  readonly im: Tensor;
}

const eigPrim: Primitive<SpectrumParams> = /* @__PURE__ */ builtIn<SpectrumParams>({
  name: "eig",
  typeOf([a]) {
    const { dtype, shape } = requireSquare("eig", a!);
    const [values, vectors] = [arrayType(dtype, shape.slice(0, -1)), arrayType(dtype, shape)];
    const pivots = arrayType("int32", values.shape);
    return [values, values, vectors, vectors, vectors, vectors, pivots, values];
  },
  derivative: {
    kind: "smooth",
    jvp: ([da], _, outs) => (da === undefined ? outs.map(() => undefined) : changeOfEig(da, outs)),
    underDerivative: nextOrder,
  },
  batch: ([a], _, __, params) => {
    const outs = bind(eigPrim, [a!], params);
    return { outs, batched: outs.map(() => true) };
  },
  lowering: {
    kind: "loops",
    scratch: (_, [a]) => scratchOf(a!),
    emit: (context: LowerContext, { order }) => emitEig(context, order),
  },
  cost: "high",
});

/**
 * Eigenvalues w of real square matrices `[…, n, n]`, and eigenvectors as the columns of V. Each column has length 1,
 * and its largest component is real and positive. Complex eigenvalues are in conjugate pairs, positive imaginary part
 * first. For a positive `order` of derivatives, close eigenvalues are moved apart; see `SpectrumParams`. At order −1 the
 * vectors are not computed.
 */
export function eig(a: Tensor, order = 0): readonly [w: ComplexParts, v: ComplexParts] {
  const [wr, wi, vr, vi] = bind(eigPrim, [a], { order }) as readonly [Tensor, Tensor, Tensor, Tensor];
  return [
    { re: wr, im: wi },
    { re: vr, im: vi },
  ];
}

/**
 * Tangents of all results. With `U = V⁻¹`, `M = U dA V` and `X = F ∘ M`, where `Fᵢⱼ = 1 / (wⱼ − wᵢ)` beside the
 * diagonal: `dw = diag M`, `dV = V (X + D)` and `dU = −(X + D) U`. The diagonal D keeps the columns at length 1, and
 * their largest components real. `undefined` for the results without a tangent, the pivots and the factors of trust.
 */
function changeOfEig(da: Tensor, outs: readonly Tensor[]): readonly (Tensor | undefined)[] {
  const [wr, wi, vr, vi, ur, ui, pivot, trust] = outs as readonly [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]; // prettier-ignore
  const { type } = vr;
  const rank = type.shape.length;
  const axes = range(0, rank - 2);
  const overRows = (x: Tensor): Tensor => broadcast(x, type.shape, [...axes, rank - 2]);
  const overColumns = (x: Tensor): Tensor => broadcast(x, type.shape, [...axes, rank - 1]);
  const change = complexProduct({ re: ur, im: ui }, { re: product(da, vr), im: product(da, vi) });
  const known = mul(overRows(trust), overColumns(trust));
  const gaps = inverseGapsOf({ re: wr, im: wi }, type);
  const turn: ComplexParts = {
    re: mul(known, sub(mul(change.re, gaps.re), mul(change.im, gaps.im))),
    im: mul(known, add(mul(change.re, gaps.im), mul(change.im, gaps.re))),
  };
  const isOnDiagonal = diagonalPlaces(type);
  const beside: ComplexParts = {
    re: where(isOnDiagonal, zeros(type), turn.re),
    im: where(isOnDiagonal, zeros(type), turn.im),
  };
  const moved = complexProduct({ re: vr, im: vi }, beside);
  const isPivot = equal(
    iota("int32", type.shape, rank - 2),
    broadcast(pivot, type.shape, [...axes, rank - 1]),
  );
  const atPivot = (x: Tensor): Tensor => sum(where(isPivot, x, zeros(type)), [rank - 2]);
  const ofLength = overColumns(sum(add(mul(vr, moved.re), mul(vi, moved.im)), [rank - 2]));
  const ofPhase = overColumns(div(atPivot(moved.im), atPivot(vr)));
  const own: ComplexParts = { re: neg(ofLength), im: neg(ofPhase) };
  const dv: ComplexParts = {
    re: add(moved.re, sub(mul(vr, own.re), mul(vi, own.im))),
    im: add(moved.im, add(mul(vr, own.im), mul(vi, own.re))),
  };
  const du = complexProduct(
    { re: where(isOnDiagonal, own.re, beside.re), im: where(isOnDiagonal, own.im, beside.im) },
    { re: ur, im: ui },
  );
  const dw = [diagonalOf(change.re), diagonalOf(change.im)].map((x) => mul(trust, x));
  return [...dw, dv.re, dv.im, neg(du.re), neg(du.im), undefined, undefined];
}

/** Product of complex matrices. */
function complexProduct(x: ComplexParts, y: ComplexParts): ComplexParts {
  return {
    re: sub(product(x.re, y.re), product(x.im, y.im)),
    im: add(product(x.re, y.im), product(x.im, y.re)),
  };
}

/** `1 / (wⱼ − wᵢ)` in row i and column j, 0 for equal values. The type is that of the matrices. */
function inverseGapsOf(w: ComplexParts, type: ArrayType): ComplexParts {
  const rank = type.shape.length;
  const along = (x: Tensor, axis: number): Tensor => broadcast(x, type.shape, [...range(0, rank - 2), axis]);
  const gapOf = (x: Tensor): Tensor => sub(along(x, rank - 1), along(x, rank - 2));
  const [re, im] = [gapOf(w.re), gapOf(w.im)];
  // the scale cancels, so it counts as a constant
  const size = stopGradient(maximum(abs(re), abs(im)));
  const isEqual = equal(size, zeros(type));
  const scale = where(isEqual, full(type, 1), size);
  const [x, y] = [div(re, scale), div(im, scale)];
  const squares = where(isEqual, full(type, 1), add(mul(x, x), mul(y, y)));
  return { re: div(div(x, squares), scale), im: neg(div(div(y, squares), scale)) };
}

function scratchOf({ dtype, shape }: ArrayType): readonly Scratch[] {
  const n = shape.at(-1)!;
  const floats = (name: string, of: readonly number[]): Scratch => ({ name, type: arrayType(dtype, of) });
  return [
    floats("triangle", [n + 1, n + 1]),
    floats("triangleIm", [n + 1, n + 1]),
    floats("rows", [n + 1, n]),
    floats("rowsIm", [n + 1, n]),
    floats("vectors", [n, n]),
    floats("vectorsIm", [n, n]),
    floats("inverse", [n, n]),
    floats("inverseIm", [n, n]),
    floats("along", [n]),
    floats("factors", [n]),
    floats("line", [n]),
    floats("lineIm", [n]),
    { name: "order", type: arrayType("int32", [n]) },
  ];
}
