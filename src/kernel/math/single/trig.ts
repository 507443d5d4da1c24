import type { Block } from "../../build.ts";
import {
  abs,
  add,
  and,
  call,
  convert,
  eq,
  i32,
  lt,
  mul,
  mulAdd,
  ne,
  neg,
  not,
  procedure,
  select,
  sub,
} from "../../build.ts";
import type { Expr, Procedure } from "../../scalar.ts";
import { cosTail32, sinTail32 } from "../coefficients.ts";
import { cos64, sin64 } from "../trig.ts";
import { f32, nearestMultiple, polynomial32 } from "./exp.ts";

/** π/2 in four parts; the first three have at most 11 bits, so that products with n < 2^13 are exact. */
const HALF_PI = [1.5703125, 0.0004837512969970703, 7.549533620476723e-8, 2.5633440682570896e-12];

/** Up to here the reduction below is accurate; beyond, float64 does it. */
const LIMIT = 8192;

/** sin(x + quarters · π/2) for |x| ≤ 8192. */
function sinOf(block: Block, x: Expr, quarters: number): Expr {
  const { count, n } = nearestMultiple(block, x, 2 / Math.PI);
  const [p1, p2, p3, p4] = HALF_PI.map((part) => mul(count, f32(part))) as [Expr, Expr, Expr, Expr];
  const rough = block.let("rough", sub(sub(x, p1), p2)); // exact
  const third = block.let("third", p3);
  const r = block.let("r", sub(rough, third));
  const rLow = block.let("rLow", sub(sub(sub(rough, r), third), p4));
  const z = block.let("z", mul(r, r));
  const quarter = block.let("quarter", quarters === 0 ? n : add(n, i32(quarters)));
  const value = block.let("value", f32(0));
  block.if(
    ne(and(quarter, i32(1)), i32(0)),
    (odd) => {
      // 1 − z/2 with what its rounding lost
      const half = odd.let("half", mul(f32(0.5), z));
      const one = odd.let("one", sub(f32(1), half));
      const lost = sub(sub(sub(f32(1), one), half), mul(r, rLow));
      odd.set(value, add(one, mulAdd(mul(z, z), polynomial32(cosTail32, z), lost)));
    },
    (even) => even.set(value, add(r, mulAdd(mul(r, z), polynomial32(sinTail32, z), rLow))),
  );
  return select(ne(and(quarter, i32(2)), i32(0)), neg(value), value);
}

/** Sine of float32, x in radians. Error: at most 0.8 ulp for every finite x (measured). */
export const sin32: Procedure = /* @__PURE__ */ procedure("sin32", [["x", "f32"]], (block, [x]) => {
  const result = block.let("result", sinOf(block, x!, 0));
  block.ifRare(not(lt(abs(x!), f32(LIMIT))), (then) =>
    then.set(result, convert("f32", call(sin64, convert("f64", x!)))),
  );
  return select(eq(x!, f32(0)), x!, result);
});

/** Cosine of float32, x in radians. Error: at most 0.8 ulp for every finite x (measured). */
export const cos32: Procedure = /* @__PURE__ */ procedure("cos32", [["x", "f32"]], (block, [x]) => {
  const result = block.let("result", sinOf(block, x!, 1));
  block.ifRare(not(lt(abs(x!), f32(LIMIT))), (then) =>
    then.set(result, convert("f32", call(cos64, convert("f64", x!)))),
  );
  return result;
});
