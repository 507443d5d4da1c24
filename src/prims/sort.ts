import { DownhillError, showType } from "../errors/index.ts";
import type { LowerContext, Primitive } from "../ir/primitive.ts";
import { definePrimitive } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import { arrayType } from "../ir/types.ts";
import * as k from "../kernel/build.ts";
import type { Expr } from "../kernel/scalar.ts";
import { isFloat } from "../kernel/scalar.ts";
import { bind1 } from "../trace/bind.ts";
import { otherAxes, sizeOf, stridesOf } from "../util/shape.ts";
import { flatIndex, loopOver, plus } from "./reduce-loops.ts";

interface SortParams {
  readonly axis: number;
  readonly descending: boolean;
}

const argsortPrim: Primitive<SortParams> = /* @__PURE__ */ definePrimitive<SortParams>({
  name: "argsort",
  typeOf([x], { axis }) {
    if (x!.shape[axis] === undefined)
      throw new DownhillError("range", `argsort: ${showType(x!)} has no axis ${axis}.`);
    return [arrayType("int32", x!.shape)];
  },
  derivative: { kind: "constant" },
  batch: ([x], _, __, { axis, descending }) => ({
    outs: [argsort(x!, axis + 1, descending)],
    batched: [true],
  }),
  lowering: { kind: "loops", emit: emitArgsort },
});

/** Whether y has to stand before x, which comes first: NaN counts as the largest number. */
function goesBefore(y: Expr, x: Expr, descending: boolean): Expr {
  if (x.type === "bool") return descending ? k.and(y, k.not(x)) : k.and(k.not(y), x);
  const inOrder = descending ? k.lt(x, y) : k.lt(y, x);
  if (!isFloat(x.type)) return inOrder;
  const [nan, number] = descending ? [y, x] : [x, y];
  return k.or(inOrder, k.and(k.ne(nan, nan), k.eq(number, number)));
}

/** Merges runs of 1, 2, 4, … places until all are in order; what is equal keeps its order. */
function emitArgsort(
  { block, fresh, ins, outs, scratch }: LowerContext,
  { axis, descending }: SortParams,
): void {
  const [x, out] = [ins[0]!, outs[0]!];
  const { shape } = x.type;
  if (sizeOf(shape) === 0) return;
  const n = shape[axis]!;
  const stride = stridesOf(shape)[axis]!;
  const others = otherAxes(shape.length, [axis]);
  const rowStrides = others.map((a) => stridesOf(shape)[a]!);
  const end = k.i32(n);
  const order = scratch(arrayType("int32", [n]), "order");
  const merged = scratch(arrayType("int32", [n]), "merged");
  const along = (i: Expr): Expr => (stride === 1 ? i : k.mul(i, k.i32(stride)));
  loopOver(
    block,
    others.map((a) => shape[a]!),
    fresh,
    (row, index) => {
      const base = row.let(fresh("row"), flatIndex(index, rowStrides));
      const at = (place: Expr): Expr => x.read(plus(base, along(place)));
      row.for(fresh("i"), k.i32(0), end, (loop, i) => order.write(loop, i, i));
      const width = row.let(fresh("width"), k.i32(1));
      row.while(k.lt(width, end), (pass) => {
        const low = pass.let(fresh("low"), k.i32(0));
        pass.while(k.lt(low, end), (pair) => {
          const middle = pair.let(fresh("middle"), k.min(k.add(low, width), end));
          const high = pair.let(fresh("high"), k.min(k.add(middle, width), end));
          const left = pair.let(fresh("left"), low);
          const right = pair.let(fresh("right"), middle);
          pair.for(fresh("to"), low, high, (step, to) => {
            const fromRight = step.let(fresh("fromRight"), k.le(middle, left));
            step.if(k.and(k.lt(left, middle), k.lt(right, high)), (compare) => {
              const x0 = compare.let(fresh("x"), at(order.read(left)));
              const x1 = compare.let(fresh("y"), at(order.read(right)));
              compare.set(fromRight, goesBefore(x1, x0, descending));
            });
            step.if(
              fromRight,
              (then) => {
                merged.write(then, to, order.read(right));
                then.set(right, k.add(right, k.i32(1)));
              },
              (otherwise) => {
                merged.write(otherwise, to, order.read(left));
                otherwise.set(left, k.add(left, k.i32(1)));
              },
            );
          });
          pair.set(low, high);
        });
        pass.for(fresh("i"), k.i32(0), end, (loop, i) => order.write(loop, i, merged.read(i)));
        pass.set(width, k.add(width, width));
      });
      row.for(fresh("i"), k.i32(0), end, (loop, i) => out.write(loop, plus(base, along(i)), order.read(i)));
    },
  );
}

/** The places of the elements along an axis in ascending order; equal ones keep theirs, NaN counts as the largest. */
export function argsort(x: Tensor, axis: number, descending = false): Tensor {
  return bind1(argsortPrim, [x], { axis, descending });
}
