import type { Primitive } from "../ir/primitive.ts";
import { definePrimitive } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import * as k from "../kernel/build.ts";
import type { Expr } from "../kernel/scalar.ts";
import { bind1 } from "../trace/bind.ts";
import { joinFloating } from "./elementwise.ts";
import { neg, sumMaybe } from "./linear.ts";

/**
 * Products with a strong zero: `ct · f`, and 0 wherever `ct` is exactly 0, whatever f is there. What takes cotangents that
 * left a mask through a product: an element of 0 was not chosen, and 0 · ∞ would bring it back as NaN.
 *
 * Linear in `ct`; the derivatives are strong again. In `f` they leave zeros where `ct` is 0, which is a mask of its own.
 */
interface StrongParams {
  /** Whether a 0 of the second operand is strong too: in derivatives of derivatives both operands are cotangents. */
  readonly both: boolean;
}

const isNotZero = (x: Expr): Expr => k.ne(x, k.constant(x.type, 0));

const strongMulPrim: Primitive<StrongParams> = /* @__PURE__ */ definePrimitive<StrongParams>({
  name: "strongMul",
  notation: { infix: "*", precedence: 2 },
  typeOf: (ins) => [joinFloating("strongMul", ins)],
  derivative: {
    kind: "smooth",
    jvp: ([da, db], [a, b], _, { both }) => [
      sumMaybe(da && strongMul(da, b!, both), db && strongMul(a!, db, both)),
    ],
    transpose([ct], [a, b], { both }, into, _, [isMasked]) {
      into[0]?.add(strongMul(ct!, b!, both));
      into[1]?.add(strongMul(a!, ct!, both || isMasked === true), true);
    },
  },
  batch: "elementwise",
  lowering: {
    kind: "elementwise",
    scalar([a, b], { both }) {
      const counts = both ? k.and(isNotZero(a!), isNotZero(b!)) : isNotZero(a!);
      return k.select(counts, k.mul(a!, b!), k.constant(a!.type, 0));
    },
  },
  identity: ([a, b]) => (b === 1 || Object.is(a, 0) ? 0 : undefined),
});

/** `ct · f`, and 0 where `ct` is 0; with `both` also where f is. */
export function strongMul(ct: Tensor, f: Tensor, both = false): Tensor {
  return bind1(strongMulPrim, [ct, f], { both });
}

const strongDivPrim: Primitive<object> = /* @__PURE__ */ definePrimitive<object>({
  name: "strongDiv",
  notation: { infix: "/", precedence: 2 },
  typeOf: (ins) => [joinFloating("strongDiv", ins)],
  derivative: {
    kind: "smooth",
    jvp: ([da, db], [, b], [out]) => [
      sumMaybe(da && strongDiv(da, b!), db && neg(strongMul(strongDiv(out!, b!), db))),
    ],
    transpose([ct], [, b], _, into) {
      into[0]?.add(strongDiv(ct!, b!));
    },
  },
  batch: "elementwise",
  lowering: {
    kind: "elementwise",
    scalar: ([a, b]) => k.select(isNotZero(a!), k.div(a!, b!), k.constant(a!.type, 0)),
  },
  identity: ([a, b]) => (b === 1 || Object.is(a, 0) ? 0 : undefined),
});

/** `ct / f`, and 0 where `ct` is 0. */
export function strongDiv(ct: Tensor, f: Tensor): Tensor {
  return bind1(strongDivPrim, [ct, f], none);
}

const none = {};
