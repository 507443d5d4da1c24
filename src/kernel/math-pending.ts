import * as k from "./build.ts";
import { exp64, log64, log1p64, expm164 } from "./math/index.ts";
import type { Expr, Procedure } from "./scalar.ts";
import { pow64 } from "./math/index.ts";

const one = (name: string, f: (x: Expr, b: k.Block) => Expr): Procedure => k.procedure(name, [["x", "f64"]], (b, [x]) => f(x!, b));
const { f64, mul, div, add, sub, neg, sqrt, abs, select, lt, call } = k;

export const exp264: Procedure = /* @__PURE__ */ one("exp2", (x) => call(exp64, mul(x, f64(Math.LN2))));
export const log264: Procedure = /* @__PURE__ */ one("log2", (x) => div(call(log64, x), f64(Math.LN2)));
export const log1064: Procedure = /* @__PURE__ */ one("log10", (x) => div(call(log64, x), f64(Math.LN10)));
const atanSeries = (x: Expr, b: k.Block): Expr => {
  // four halvings by atan x = 2 atan(x / (1 + sqrt(1 + x²))), then the series
  let y = x;
  for (let i = 0; i < 4; i++) y = b.let(`h${i}`, div(y, add(f64(1), sqrt(add(f64(1), mul(y, y))))));
  const z = b.let("z", mul(y, y));
  let p: Expr = f64(0);
  for (let n = 25; n >= 1; n -= 2) p = add(f64((n % 4 === 1 ? 1 : -1) / n), mul(z, p));
  return mul(f64(16), mul(y, p));
};
export const atan64: Procedure = /* @__PURE__ */ one("atan", (x, b) => {
  const big = b.let("big", lt(f64(1), abs(x)));
  const r = b.let("r", select(big, div(f64(-1), x), x));
  const a = b.let("a", atanSeries(r, b));
  return select(big, add(a, select(lt(x, f64(0)), f64(-Math.PI / 2), f64(Math.PI / 2))), a);
});
export const asin64: Procedure = /* @__PURE__ */ one("asin", (x) => mul(f64(2), call(atan64, div(x, add(f64(1), sqrt(mul(sub(f64(1), x), add(f64(1), x))))))));
export const acos64: Procedure = /* @__PURE__ */ one("acos", (x) => mul(f64(2), call(atan64, div(sqrt(sub(f64(1), x)), sqrt(add(f64(1), x))))));
export const asinh64: Procedure = /* @__PURE__ */ one("asinh", (x) => {
  const a = abs(x);
  const v = call(log1p64, add(a, div(mul(a, a), add(f64(1), sqrt(add(mul(a, a), f64(1)))))));
  return select(lt(x, f64(0)), neg(v), v);
});
export const acosh64: Procedure = /* @__PURE__ */ one("acosh", (x) => call(log64, add(x, mul(sqrt(sub(x, f64(1))), sqrt(add(x, f64(1)))))));
export const atanh64: Procedure = /* @__PURE__ */ one("atanh", (x) => mul(f64(0.5), call(log1p64, div(mul(f64(2), x), sub(f64(1), x)))));
export const cbrt64: Procedure = /* @__PURE__ */ one("cbrt", (x) => {
  const v = call(pow64, abs(x), f64(1 / 3));
  return select(lt(x, f64(0)), neg(v), v);
});
export const sigmoid64: Procedure = /* @__PURE__ */ one("sigmoid", (x) => {
  const e = call(exp64, neg(abs(x)));
  return select(lt(x, f64(0)), div(e, add(f64(1), e)), div(f64(1), add(f64(1), e)));
});
export const softplus64: Procedure = /* @__PURE__ */ one("softplus", (x) => add(k.max(x, f64(0)), call(log1p64, call(exp64, neg(abs(x))))));
export const erf64: Procedure = /* @__PURE__ */ one("erf", (x, b) => {
  const z = b.let("z", mul(x, x));
  const t = b.let("t", f64(2 / Math.sqrt(Math.PI)));
  const s = b.let("s", f64(0));
  const term = b.let("term", x);
  b.for("n", k.i32(0), k.i32(80), (loop, n) => {
    const m = k.convert("f64", n);
    loop.set(s, add(s, div(term, add(mul(f64(2), m), f64(1)))));
    loop.set(term, div(mul(neg(z), term), add(m, f64(1))));
  });
  return select(lt(f64(3.5), abs(x)), select(lt(x, f64(0)), f64(-1), f64(1)), mul(t, s));
});
export const erfc64: Procedure = /* @__PURE__ */ one("erfc", (x) => sub(f64(1), call(erf64, x)));
export const atan264: Procedure = /* @__PURE__ */ k.procedure("atan2", [["y", "f64"], ["x", "f64"]], (_, [y, x]) => {
  const a = call(atan64, div(y!, x!));
  return select(lt(x!, f64(0)), add(a, select(lt(y!, f64(0)), f64(-Math.PI), f64(Math.PI))), a);
});
export { expm164 };
