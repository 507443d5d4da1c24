import type { Primitive, Scratch } from "../ir/primitive.ts";
import { builtIn } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { arrayType } from "../ir/types.ts";
import { bind } from "../trace/bind.ts";
import { range } from "../util/shape.ts";
import { abs, div, equal, mul } from "./arithmetic.ts";
import type { ComplexParts } from "./eig.ts";
import { batchAlong, pad, slice } from "./index-ops.ts";
import { add, full, stopGradient, where, zeros } from "./linear.ts";
import { requireSides, requireSquare, swapped } from "./matrices.ts";
import type { MatrixFunctionParams } from "./matrix-function-loops.ts";
import { emitMatrixFunction } from "./matrix-function-loops.ts";
import { max } from "./reduce.ts";
import { broadcast } from "./shape.ts";

const functionPrim: Primitive<MatrixFunctionParams> = /* @__PURE__ */ builtIn<MatrixFunctionParams>({
  name: "matrixFunction",
  typeOf([a], { of }) {
    const { dtype, shape } = requireSquare(of, a!);
    return [arrayType(dtype, shape), arrayType(dtype, shape)];
  },
  derivative: {
    kind: "smooth",
    jvp: ([da], [a], _, params) => (da === undefined ? [undefined, undefined] : tangentOf(a!, da, params)),
  },
  batch: ([a], _, __, params) => ({ outs: bind(functionPrim, [a!], params), batched: [true, true] }),
  lowering: { kind: "loops", scratch: ({ of }, [a]) => scratchOf(of, a!, 1), emit: emitMatrixFunction },
  cost: "high",
});

/**
 * Derivative L(A, E) of a function f of matrices at A in the direction E: the upper right block of f at `[[A, E], [0, A]]`.
 * Linear in E.
 */
const tangentPrim: Primitive<MatrixFunctionParams> = /* @__PURE__ */ builtIn<MatrixFunctionParams>({
  name: "matrixFunctionTangent",
  typeOf([a, e], { of }) {
    const { dtype, shape } = requireSides(of, requireSquare(of, a!), e!);
    return [arrayType(dtype, shape), arrayType(dtype, shape)];
  },
  derivative: {
    kind: "smooth",
    isProduct: false,
    jvp([da, de], [a, e], _, params) {
      const linear = de && tangentOf(a!, de, params);
      const curved = da && secondTangentOf(a!, e!, da, params);
      return [0, 1].map((i) =>
        linear && curved ? add(linear[i]!, curved[i]!) : (linear?.[i] ?? curved?.[i]),
      );
    },
    // the transpose of E ↦ L(A, E) is E ↦ L(A, Eᵀ)ᵀ, of which an imaginary cotangent contributes the imaginary part;
    // L(Aᵀ, E) would lose the block triangular form of second derivatives
    transpose(cts, [a], params, into) {
      cts.forEach((ct, i) => {
        if (ct !== undefined) into[1]?.add(swapped(tangentOf(a!, swapped(ct), params)[i]!));
      });
    },
  },
  batch([a, e], [aBatched, eBatched], size, params) {
    const along = (x: Tensor, isBatched?: boolean): Tensor => (isBatched === true ? x : batchAlong(x, size));
    return {
      outs: tangentOf(along(a!, aBatched), along(e!, eBatched), params),
      batched: [true, true],
    };
  },
  lowering: { kind: "loops", scratch: ({ of }, [a]) => scratchOf(of, a!, 2), emit: emitMatrixFunction },
  cost: "high",
});

const tangentOf = (a: Tensor, e: Tensor, params: MatrixFunctionParams): readonly Tensor[] =>
  bind(tangentPrim, [a, e], params);

/**
 * Derivative of L(A, E) at A in the direction dA: the upper right block of L at `[[A, E], [0, A]]` in the direction
 * `[[dA, 0], [0, dA]]`. E is scaled to the size of A, since the blocks share one decomposition.
 */
function secondTangentOf(a: Tensor, e: Tensor, da: Tensor, params: MatrixFunctionParams): readonly Tensor[] {
  const { shape } = a.type;
  const rank = shape.length;
  const n = shape.at(-1)!;
  const lead = range(0, rank - 2);
  const sizeOf = (x: Tensor): Tensor => max(abs(stopGradient(x)), [rank - 2, rank - 1]);
  const orOne = (x: Tensor): Tensor => where(equal(x, zeros(x.type)), full(x.type, 1), x);
  const scale = broadcast(orOne(div(sizeOf(e), orOne(sizeOf(a)))), shape, lead);
  const place = (x: Tensor, row: number, column: number): Tensor => {
    const before = [...lead.map(() => 0), row * n, column * n];
    const after = [...lead.map(() => 0), (1 - row) * n, (1 - column) * n];
    return pad(x, { low: before, high: after, interior: before.map(() => 0) });
  };
  const twice = (x: Tensor): Tensor => add(place(x, 0, 0), place(x, 1, 1));
  return tangentOf(add(twice(a), place(div(e, scale), 0, 1)), twice(da), params).map((x) =>
    mul(
      scale,
      slice(x, {
        starts: [...lead.map(() => 0), 0, n],
        limits: [...shape.slice(0, -2), n, 2 * n],
        strides: shape.map(() => 1),
      }),
    ),
  );
}

/**
 * The principal square root or logarithm of real square matrices `[…, n, n]`. The imaginary part is exactly 0 if no
 * eigenvalue is a negative real number.
 */
export function matrixFunction(of: MatrixFunctionParams["of"], a: Tensor): ComplexParts {
  const [re, im] = bind(functionPrim, [a], { of }) as readonly [Tensor, Tensor];
  return { re, im };
}

/** Scratch arrays; `blocks` is 2 for a derivative. */
function scratchOf(
  of: MatrixFunctionParams["of"],
  { dtype, shape }: ArrayType,
  blocks: 1 | 2,
): readonly Scratch[] {
  const n = shape.at(-1)!;
  const wide = blocks * n;
  const shapes: readonly (readonly [name: string, ...shape: number[]])[] = [
    ["triangle", n + 1, n + 1],
    ["rows", n + 1, n],
    ["product", n, n],
    ["x", wide, wide],
    ["roots", 1, wide],
    ...(of === "logm" ? ([["solution", wide, wide], ["total", wide, wide]] as const) : []), // prettier-ignore
  ];
  return [
    { name: "along", type: arrayType(dtype, [n]) },
    ...shapes.flatMap(([name, ...sizes]) =>
      [name, `${name}Im`].map((each) => ({ name: each, type: arrayType(dtype, sizes) })),
    ),
  ];
}
