import { DownhillError, showType } from "../errors/index.ts";
import type { LowerContext, Primitive, Scratch, WriteView } from "../ir/primitive.ts";
import { builtIn } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { arrayType, scalarTypeOf } from "../ir/types.ts";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import { bind } from "../trace/bind.ts";
import { sizeOf } from "../util/shape.ts";
import type { Panels, Reflections } from "./householder.ts";
import {
  combineReflections,
  formRows,
  panelsOf,
  reflectAtOnce,
  reflectionOf,
  reflectionScratch,
  reflectRows,
} from "./householder.ts";
import { part } from "./index-ops.ts";
import { concatenate } from "./pieces.ts";
import { add, sub } from "./linear.ts";
import { product, requireMatrices, swapped } from "./matrices.ts";
import type { MatrixView } from "./matrix-loops.ts";
import { copyTransposed, countOf, eachMatrix, matrixOf, readAt, sidesOf, writeAt } from "./matrix-loops.ts";
import { triangle, triangularSolve } from "./triangular.ts";

/** Parameters of the primitive `qr`. */
interface QrParams {
  /** True if R is the only result, which halves the work. */
  readonly onlyTriangle?: true;
}

const qrPrim: Primitive<QrParams> = /* @__PURE__ */ builtIn<QrParams>({
  name: "qr",
  typeOf([a], { onlyTriangle }) {
    const { dtype, shape } = requireMatrices("qr", a!);
    const [m, n] = sidesOf(shape);
    if (m < n) throw new DownhillError("shape", `qr: ${showType(a!)} has more columns than rows.`);
    const r = arrayType(dtype, [...shape.slice(0, -2), n, n]);
    return onlyTriangle === true ? [r] : [arrayType(dtype, shape), r];
  },
  derivative: {
    kind: "smooth",
    jvp([da], [a], outs, { onlyTriangle }) {
      if (da === undefined) return outs.map(() => undefined);
      const [q, r] = onlyTriangle === true ? (bind(qrPrim, [a!], {}) as Tensor[]) : outs;
      // dA R⁻¹ = dQ + Q dR R⁻¹, where Qᵀ dQ is antisymmetric and dR R⁻¹ upper triangular
      const moved = swapped(triangularSolve(r!, swapped(da), { lower: false, transpose: true, unit: false }));
      const own = product(q!, moved, { x: true });
      const upper = add(triangle(own, false), swapped(triangle(own, true, 0)));
      const dr = product(upper, r!);
      return onlyTriangle === true ? [dr] : [sub(moved, product(q!, upper)), dr];
    },
  },
  batch([a], _, __, params) {
    const outs = bind(qrPrim, [a!], params);
    return { outs, batched: outs.map(() => true) };
  },
  lowering: { kind: "loops", scratch: ({ onlyTriangle }, [a]) => scratchOf(a!, onlyTriangle), emit: emitQr },
  cost: "high",
});

/**
 * QR factorisation of matrices `[…, m, n]`: Q `[…, m, k]` with orthonormal columns and R `[…, k, n]` upper triangular,
 * where k = min(m, n). Uses Householder reflections, so the diagonal of R has the same signs as in LAPACK.
 */
export function qr(a: Tensor): readonly [q: Tensor, r: Tensor] {
  const [m, n] = sidesOf(a.type.shape);
  if (m >= n) return bind(qrPrim, [a], {}) as readonly [Tensor, Tensor];
  const last = a.type.shape.length - 1;
  const [q, r] = qr(part(a, last, 0, m));
  return [q, concatenate([r, product(q, part(a, last, m, n), { x: true })], last)];
}

/** R of the QR factorisation of matrices `[…, m, n]` with m ≥ n, as `qr` returns it, in half the time. */
export function triangleOfQr(a: Tensor): Tensor {
  return bind(qrPrim, [a], { onlyTriangle: true })[0]!;
}

function scratchOf(a: ArrayType, onlyTriangle = false): readonly Scratch[] {
  const [m, n] = sidesOf(a.shape);
  if (sizeOf(a.shape) === 0) return [];
  const whole = (onlyTriangle ? ["vectors"] : ["vectors", "rows"]).map((name) => ({
    name,
    type: arrayType(a.dtype, [n, m]),
  }));
  return [...whole, ...reflectionScratch(a.dtype, n)];
}

function emitQr(context: LowerContext): void {
  const { fresh, ins, outs, scratch } = context;
  const [a, r] = [ins[0]!, outs.at(-1)!];
  const q = outs.length === 2 ? outs[0]! : undefined;
  const { shape, dtype } = a.type;
  const [m, n] = sidesOf(shape);
  if (sizeOf(shape) === 0) return;
  const zero = k.constant(scalarTypeOf(dtype), 0);
  const vectors = matrixOf(scratch[0]!, 0);
  const reflections = panelsOf(vectors, scratch.slice(q === undefined ? 1 : 2), n, m);
  eachMatrix(context, countOf(shape), false, (block, item) => {
    const upper = matrixOf(r, item);
    copyTransposed(block, fresh, vectors, matrixOf(a, item), n, m);
    block.forEach(fresh("i"), k.i32(0), k.i32(n), (loop, i) =>
      loop.forEach(fresh("j"), k.i32(0), k.i32(n), (inner, j) => writeAt(inner, upper, i, j, zero)),
    );
    for (const panel of reflections.panels) factorPanel(block, fresh, reflections, panel, upper, n);
    if (q === undefined) return;
    const rows = matrixOf(scratch[1]!, 0);
    formRows(block, fresh, rows, n, m, reflections);
    copyTransposed(block, fresh, matrixOf(q, item), rows, m, n);
  });
}

/**
 * Computes the reflection vectors of a panel and its part of R, and applies the reflections to the columns after the
 * panel.
 */
function factorPanel(
  block: Block,
  fresh: LowerContext["fresh"],
  { between, setTau }: Panels,
  panel: Reflections,
  r: MatrixView<WriteView>,
  n: number,
): void {
  const { vectors, first, last, columns } = panel;
  block.for(fresh("c"), k.i32(first), k.i32(last), (loop, c) => {
    const own = { of: vectors, row: c, from: c, to: columns };
    const { tau, first: image } = reflectionOf(loop, fresh, own);
    loop.for(fresh("i"), k.i32(0), c, (inner, i) => {
      writeAt(inner, r, i, c, readAt(vectors, c, i));
      writeAt(inner, vectors, c, i, k.constant(tau.type, 0));
    });
    writeAt(loop, r, c, c, image);
    setTau(loop, c, tau);
    reflectRows(loop, fresh, vectors, [k.add(c, k.i32(1)), last], own, tau);
  });
  if (between === undefined || last === n) return;
  combineReflections(block, fresh, panel, between);
  reflectAtOnce(block, fresh, vectors, [last, n], panel, between, false);
}
