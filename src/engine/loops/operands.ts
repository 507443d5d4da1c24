// Operands of a product: array elements in place, or copies of computed factors and of elements that vectors cannot
// read in place.
import * as k from "../kernel/build.ts";
import { copyBlock } from "../kernel/copy.ts";
import type { Buffer, Expr, LetStmt, ScalarType, SizeExpr, Stmt } from "../kernel/scalar.ts";
import { constantSize, multiplySizes, sizeExpr } from "../kernel/sizes.ts";
import type { StmtBlock, BlockFacts, LoopNest, AccessPattern } from "./nests.ts";
import { placeOf, sizeOf, sliceOf } from "./nests.ts";
import { integerValue } from "./index-polynomial.ts";

/** Facts about a block whose products may become contractions, and a way to allocate arrays for the operands. */
export interface ProductHost extends BlockFacts {
  fresh(hint: string): string;
  /** Returns an equal size that can be computed before a call; `undefined` if no such size exists. */
  knownSize(size: SizeExpr): SizeExpr | undefined;
  /** Allocates memory that only this block uses. */
  allocate(buffer: Buffer): void;
}

/** State of an attempt to take a product out of a nest. If the attempt fails, the arrays are not allocated. */
export interface ProductExtraction {
  readonly host: ProductHost;
  /** Arrays that the attempt has to allocate. */
  readonly arrays: Buffer[];
  /**
   * Set to true if an array would need an axis for an outermost loop that is long. The caller then tries again in
   * strips, so that the array stays small.
   */
  wantsStrips: boolean;
}

/** Iterations per strip: enough rows or columns for tiles, and few enough for their data to stay in cache. */
export const stripLength = 64;

/** Elements of a buffer that the iterations of a nest access: a first index, and one stride per loop. */
export interface StridedElements {
  readonly buffer: string;
  readonly start: Expr;
  readonly strides: readonly SizeExpr[];
}

/** Factor of a product, and the numbers of the loops it depends on. */
export interface ProductFactor {
  readonly loops: ReadonlySet<number>;
  readonly source:
    | { readonly kind: "elements"; readonly elements: StridedElements }
    /** The factor can be computed in loops outside of the nest. */
    | { readonly kind: "computed"; readonly value: Expr; readonly lets: readonly LetStmt[] }
    /** The factor is available only within the nest, because the statement `stmt` of the nest declares it. */
    | { readonly kind: "declared"; readonly stmt: LetStmt };
}

/**
 * Source of a factor, and the loops of the nest that it depends on. `undefined` if the factor cannot be computed
 * outside of the nest and is no local that a loop of the nest declares.
 */
export function factorOf(nest: LoopNest, expr: Expr): ProductFactor | undefined {
  const slice = sliceOf(nest, expr);
  if (slice !== undefined) {
    const last = slice.lets.at(-1);
    const value = expr.kind === "local" && last?.name === expr.name ? last.value : expr;
    const place = value.kind === "load" ? placeOf(nest, value.index) : undefined;
    const elements = place && value.kind === "load" ? elementsAt(value.buffer, place) : undefined;
    if (elements !== undefined) return { loops: slice.loops, source: { kind: "elements", elements } };
    return { loops: slice.loops, source: { kind: "computed", value: expr, lets: slice.lets } };
  }
  const definition = expr.kind === "local" ? nest.lets.get(expr.name) : undefined;
  const depth = nest.loops.findIndex(({ body }) => body === definition?.block);
  if (definition === undefined || depth < 0) return undefined;
  const loops = new Set(nest.loops.slice(0, depth + 1).keys());
  return { loops, source: { kind: "declared", stmt: definition.stmt } };
}

/** Elements of a buffer with strides as size expressions; `undefined` if the pattern cannot be expressed so. */
export function elementsAt(buffer: string, { start, strides }: AccessPattern): StridedElements | undefined {
  const first = integerValue(start, new Map());
  const steps = strides.map(sizeOf);
  if (first === undefined || !steps.every((one) => one !== undefined)) return undefined;
  return { buffer, start: first, strides: steps };
}

/**
 * Creates an array with one axis per loop in `order`, the last one contiguous. `undefined` if its size is not known
 * before a call, or if the outermost loop is so long that it should be divided into strips.
 */
export function newArray(
  nest: LoopNest,
  order: readonly number[],
  hint: string,
  type: ScalarType,
  attempt: ProductExtraction,
): StridedElements | undefined {
  const { host } = attempt;
  const lengthOf = (l: number): SizeExpr => {
    const trip = nest.trips[l]!;
    if (l === 0 && nest.isStrip) return stripLength;
    if (l === 0 && !((constantSize(trip) ?? Infinity) <= stripLength)) attempt.wantsStrips = true;
    return constantSize(trip) ?? k.max(trip, k.i32(0));
  };
  const size = host.knownSize(order.map(lengthOf).reduce(multiplySizes, 1));
  if (size === undefined || attempt.wantsStrips) return undefined;
  const buffer = host.fresh(hint);
  attempt.arrays.push({ name: buffer, type, size });
  const strides: SizeExpr[] = nest.loops.map(() => 0);
  let stride: SizeExpr = 1;
  for (const l of order.toReversed()) {
    strides[l] = stride;
    stride = multiplySizes(stride, l === 0 && nest.isStrip ? stripLength : nest.trips[l]!);
  }
  return { buffer, start: k.i32(0), strides };
}

/** Expression of the index of the element that the current iteration accesses. */
export function indexIn(nest: LoopNest, { start, strides }: StridedElements): Expr {
  return nest.loops.reduce((sum, { index, from, to }, l) => {
    if (strides[l] === 0) return sum;
    const i = k.local("i32", index);
    const isFromZero = from.kind === "const" && from.value === 0;
    const upwards = isFromZero ? i : k.sub(i, from);
    const number = nest.isDown[l] === true ? k.sub(k.sub(to, k.i32(1)), i) : upwards;
    const distance = sizeExpr(multiplySizes(strides[l]!, number));
    return sum.kind === "const" && sum.value === 0 ? distance : k.add(sum, distance);
  }, start);
}

/** A factor of a product whose elements are in memory before the product is computed. */
export interface ProductOperand {
  readonly elements: StridedElements;
  /**
   * Loops that compute the elements before the nest. `isSteady` is true if the elements are the same in each iteration
   * of the outermost loop.
   */
  readonly before: StmtBlock;
  readonly isSteady: boolean;
  /**
   * For a factor that is only available inside the nest: the statement that stores its element, to insert after the
   * declaration `behind`.
   */
  readonly store: { readonly behind: LetStmt; readonly stmt: Stmt } | undefined;
}

/**
 * Provides the elements of a factor in memory, as a copy if `isCopied` or if the elements are computed. `order` is the
 * axis order of the copy. `undefined` if there is no memory for a copy (see `newArray`).
 */
export function operandOf(
  nest: LoopNest,
  { source }: ProductFactor,
  order: readonly number[],
  isCopied: boolean,
  type: ScalarType,
  attempt: ProductExtraction,
): ProductOperand | undefined {
  if (source.kind === "elements" && !isCopied)
    return { elements: source.elements, before: [], isSteady: false, store: undefined };
  const elements = newArray(nest, order, "factor", type, attempt);
  if (elements === undefined) return undefined;
  const index = indexIn(nest, elements);
  if (source.kind === "declared") {
    const { stmt } = source;
    const value = k.local(type, stmt.name);
    return {
      elements,
      before: [],
      isSteady: false,
      store: { behind: stmt, stmt: { kind: "store", buffer: elements.buffer, index, value } },
    };
  }
  const value =
    source.kind === "elements"
      ? k.load(type, source.elements.buffer, indexIn(nest, source.elements))
      : source.value;
  const lets = source.kind === "computed" ? source.lets : [];
  let body: StmtBlock = [...lets, { kind: "store", buffer: elements.buffer, index, value }];
  for (const l of order.toSorted((a, b) => b - a))
    body = [{ ...nest.loops[l]!, reverse: false, independent: true, body }];
  const { statements } = copyBlock(body, [], `.${attempt.host.fresh("copy")}`, new Map());
  return { elements, before: statements, isSteady: !order.includes(0), store: undefined };
}
