import * as k from "../../kernel/build.ts";
import { expandBlock } from "../../kernel/expand.ts";
import type { Contract, Dim, Expr, SizeExpr, Stmt } from "../../kernel/scalar.ts";
import { constantSize, multiplySizes, sizeExpr } from "../../kernel/sizes.ts";
import type { IterationRange } from "../phases.ts";

/**
 * Converts a product to a grid of points, one per element of its result, in the order of the result's memory if the
 * strides are constant.
 */
export function productPoints(product: Contract): {
  readonly extent: readonly IterationRange[];
  readonly body: readonly Stmt[];
} {
  const outer = inMemoryOrder(product.dims.filter(({ role }) => role !== "sum"));
  const wide = outer.filter(({ size }) => constantSize(size) !== 1);
  const indexOf = (i: number): string => `${product.name}.at${i}`;
  const extent = wide.map(({ size }, i) => ({ index: indexOf(i), from: k.i32(0), to: sizeExpr(size) }));
  const at = (base: Expr, stride: (i: number) => SizeExpr): Expr =>
    wide.reduce((sum, _, i) => {
      const step = multiplySizes(k.local("i32", indexOf(i)), stride(i));
      return step === 0 ? sum : k.add(sum, sizeExpr(step));
    }, base);
  const body = expandBlock([
    {
      ...product,
      dims: product.dims.filter(({ role }) => role === "sum"),
      out: { ...product.out, offset: at(product.out.offset, (i) => wide[i]!.out) },
      left: { ...product.left, offset: at(product.left.offset, (i) => wide[i]!.left) },
      right: { ...product.right, offset: at(product.right.offset, (i) => wide[i]!.right) },
    },
  ]);
  // a product of sums alone has no range; one thread computes it
  return { extent: extent.length > 0 ? extent : [{ index: indexOf(0), from: k.i32(0), to: k.i32(1) }], body };
}

/** Dims by their strides in the result, largest first. Unknown strides leave the order as it is. */
export function inMemoryOrder(dims: readonly Dim[]): readonly Dim[] {
  const strides = dims.map(({ out }) => constantSize(out));
  return strides.includes(undefined)
    ? dims
    : dims.toSorted((a, b) => constantSize(b.out)! - constantSize(a.out)!);
}
