import type { ElementType } from "./model.ts";

/** Returns the formula of a primitive for an element type, in the operands x, y and z; `undefined` if it has none. */
export function formulaOf(name: string, type: ElementType): string | undefined {
  const special = type === "bool" ? ofBooleans : type === "float64" ? ofDoubles : type === "float32" ? {} : ofIntegers; // prettier-ignore
  return (special as Readonly<Record<string, string>>)[name] ?? formulas[name];
}

/** Formulas of primitives on booleans, which engines do not support directly. */
const ofBooleans = {
  add: "x || y",
  mul: "x && y",
  maximum: "x || y",
  minimum: "x && y",
  abs: "x",
  sign: "x",
  less: "int32(x) < int32(y)",
  lessEqual: "int32(x) <= int32(y)",
  where: "x && y || !x && z",
  bitwiseAnd: "x && y",
  bitwiseOr: "x || y",
  bitwiseXor: "Xor(x, y)",
};

/**
 * Integer division: division by zero is 0 and division by −1 wraps. Engines must not execute either, so the divisor is
 * replaced.
 */
const ofIntegers = {
  div: "n = y == 0; m = y == -1; n ? 0 : m ? 0 - x : x / (n || m ? 1 : y)",
  rem: "n = y == 0 || y == -1; n ? 0 : fmod(x, n ? 1 : y)",
  floor: "x",
  ceil: "x",
  round: "x",
  trunc: "x",
};

/**
 * Angle of the point (y, x), which need not be on the unit circle. Within an eighth of a turn of an axis the quotient
 * is at most 1. Engines provide the arctangent only in float32.
 */
const angle = `n = x == 0 && y == 0; m = n ? 1 : Max(Abs(x), Abs(y));
  s = m == inf ? Abs(x) == inf ? Sign(x) : 0 : x / m; c = m == inf ? Abs(y) == inf ? Sign(y) : 0 : y / m;
  steep = Abs(c) < Abs(s); flat = real(Atan(float32((steep ? c : s) / (n ? 1 : steep ? s : c)))); t = s < 0 ? -1 : 1;
  f = steep ? t * 1.5707963267948966 - flat : flat + (c < 0 ? t * pi : 0);`;

/** Formulas for functions that engines lack in float64. */
const ofDoubles = {
  // computed from sin², with the error of numbers near 1
  cos: "h = Sin(x * 0.5); 1 - 2 * h * h",
  erf: "near = Abs(x) <= 0.8125; near ? erfNearZero(near ? x : 0) : 1 - erfc(x)",
  // with one step of Newton's method, f + tan(θ − f)
  angle: /* @__PURE__ */ angle.concat(
    "u = Sin(f); v = cos(f); f + (s * v - c * u) / (n ? 1 : c * v + s * u)",
  ),
};

const formulas: Readonly<Record<string, string>> = {
  add: "x + y",
  sub: "x - y",
  mul: "x * y",
  div: "x / y",
  rem: "fmod(x, y)",
  neg: "-x",
  // 0 times anything is 0
  strongMul: "x == 0 ? 0 : x * y",
  strongMulBoth: "x == 0 || y == 0 ? 0 : x * y",
  strongDiv: "x == 0 ? 0 : x / y",
  // 0 times infinity or NaN is 0; y - y is 0 only for finite numbers
  maskedMul: "x == 0 && !(y - y == 0) ? 0 : x * y",
  maskedMulBoth: "y == 0 || x == 0 && !(y - y == 0) ? 0 : x * y",
  maskedDiv: "x == 0 && !(Abs(y) > 0) ? 0 : x / y",
  sqrt: "Sqrt(x)",
  abs: "Abs(x)",
  sign: "Sign(x)",
  floor: "Floor(x)",
  ceil: "Ceil(x)",
  round: "Round(x)",
  trunc: "x < 0 ? Ceil(x) : Floor(x)",
  maximum: "Max(x, y)",
  minimum: "Min(x, y)",
  less: "x < y",
  lessEqual: "x <= y",
  equal: "x == y",
  notEqual: "!(x == y)",
  bitwiseAnd: "BitwiseAnd(x, y)",
  bitwiseOr: "BitwiseOr(x, y)",
  bitwiseXor: "BitwiseXor(x, y)",
  where: "x ? y : z",
  stopGradient: "x",
  pow: "Pow(x, y)",
  powBy: "Pow(x, exponent)",
  exp: "Exp(x)",
  exp2: "Pow(2, x)",
  // eˣ − 1 with the digits of x, like log1p
  expm1:
    "u = Exp(x); d = u - 1; n = d == 0; m = d < -0.9 || 20 < x; n ? x : m ? d : d * x / Log(n || m ? 2 : u)",
  log: "Log(x)",
  log2: "Log(x) * 1.4426950408889634",
  log10: "Log(x) * 0.4342944819032518",
  // Rounding errors of 1 + x cancel: Kahan; see Higham, Accuracy and Stability, problem 1.5.
  log1p: "u = x + 1; d = u - 1; n = d == 0; l = Log(u); n ? x : u == x ? l : l * x / (n ? 1 : d)",
  sin: "Sin(x)",
  cos: "Cos(x)",
  tan: "Sin(x) / cos(x)",
  angle: /* @__PURE__ */ angle.concat("f"),
  cosine: "Sqrt((1 - x) * (1 + x))", // of the angle whose sine is x
  asin: "angle(x, cosine(x))",
  acos: "angle(cosine(x), x)",
  atan: "angle(x, x == x ? 1 : x)",
  atan2: "angle(x, y)",
  // eˣ itself may overflow where sinh x does not
  sinh: "s = Abs(x); h = expm1(Min(s, 1)); r = Exp(0.5 * s); (x < 0 ? -1 : 1) * (s < 1 ? 0.5 * (h + h / (h + 1)) : 0.5 * (r - 1 / r / r / r) * r)",
  cosh: "r = Exp(0.5 * Abs(x)); 0.5 * r * r + 0.5 / r / r",
  tanh: "Tanh(x)",
  asinh:
    "s = Abs(x); m = 100000000 < s; r = m ? 1 : s; q = r * r; (x < 0 ? -1 : 1) * (m ? Log(s) + ln2 : log1p(r + q / (1 + Sqrt(q + 1))))",
  acosh: "m = 100000000 < x; t = (m ? 2 : x) - 1; m ? Log(x) + ln2 : log1p(t + Sqrt(t * (t + 2)))",
  atanh: "0.5 * log1p(2 * x / (1 - x))",
  logit: "n = 0.25 < x && x < 0.75; n ? log1p((2 * x - 1) / (1 - x)) : Log(x / (1 - x))",
  entr: "n = x == 0; x < 0 ? -inf : n ? 0 : -(x * Log(n ? 1 : x))",
  // near 1, uses the deviation of the quotient from 1
  logOfRatio: "q = x / y; n = 0.5 < q && q < 2; n ? log1p(n ? (x - y) / y : 0) : Log(q)",
  relEntr:
    "n = 0 < x && 0 < y; n ? x * logOfRatio(n ? x : 1, n ? y : 1) : x == 0 && 0 <= y ? 0 : x == x && y == y ? inf : x + y",
  ndtr: "normalByExp(x)",
  sigmoid: "Sigmoid(x)",
  softplus: "Max(x, 0) + log1p(Exp(-Abs(x)))",
  // a power, followed by one step of Newton's method for the last digits
  cbrt: "s = Abs(x); n = s == 0 || s == inf; a = n ? 1 : s; r = Pow(a, 0.3333333333333333); n ? x : (x < 0 ? -1 : 1) * (r - (r - a / (r * r)) / 3)",
  erf: "Erf(x)",
  gaussian: "Exp(x * x * -0.5)",
  normalByExp: "0.5 * erfc(x * -0.7071067811865476)",
  erfNearZero: "q = x * x; x + x * (0.125 - 0.375 * q + erfTail(q))",
  // Beyond 0.8, e^(−x²) · (5/4 + P(t)) / (1 + 2x) with t = (x − 4) / (x + 4), so that small values keep their digits.
  // x² is split to hide its rounding: the square of h, x rounded down to sixteenths, is exact.
  erfc: "s = Min(Abs(x), 28); h = Floor(s * 16) / 16; e = Exp(-(h * h)) * Exp(-((s - h) * (s + h))); r = e * (erfcTail((s - 4) / (s + 4)) + 1.25) / (s * 2 + 1); near = s <= 0.8125; near ? 1 - erfNearZero(near ? x : 0) : x < 0 ? 2 - r : r",
};
