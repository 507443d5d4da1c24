// Functions of generated WGSL that give float32 and integer operations the meaning of the vocabulary on every driver.
import type { WgslHelper } from "./double.ts";
import { doubleHelpers, helper } from "./double.ts";

/**
 * Barriers of float32 results, and constants. Drivers compile floats with fast-math flags: they fold `x - x`, drop NaN in
 * comparisons, and flush subnormals. Comparisons, signs and rounding to integers therefore use the bits of numbers.
 */
const barriers = /* @__PURE__ */ ((): Readonly<Record<string, WgslHelper>> => ({
  // The barriers: no compiler knows that `params.zero` is 0. `rounded` marks results, `operand` marks operands. They
  // use two words, because two barriers with one word would cancel.
  rounded: helper(
    "",
    `fn rounded(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) ^ params.zero.x);
}`,
  ),
  rounded2: helper(
    "",
    `fn rounded2(x: vec2f) -> vec2f {
  return bitcast<vec2f>(bitcast<vec2u>(x) ^ params.zero.xx);
}`,
  ),
  rounded4: helper(
    "",
    `fn rounded4(x: vec4f) -> vec4f {
  return bitcast<vec4f>(bitcast<vec4u>(x) ^ params.zero.xxxx);
}`,
  ),
  operand: helper(
    "",
    `fn operand(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) ^ params.zero.y);
}`,
  ),
  // A constant by its bits, since WGSL rejects literals of infinity and NaN.
  number: helper(
    "",
    `fn number(bits: u32) -> f32 {
  return bitcast<f32>(bits ^ params.zero.x);
}`,
  ),
}))();

/** Comparisons of float32, by integers with the order of the numbers. */
const comparisons = /* @__PURE__ */ ((): Readonly<Record<string, WgslHelper>> => ({
  f_isNan: helper(
    "",
    `fn f_isNan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}`,
  ),
  // Integer with the order of the number; both zeros are 0.
  f_key: helper(
    "",
    `fn f_key(x: f32) -> i32 {
  let b = bitcast<i32>(x);
  return select(b, 0 - (b & 0x7fffffff), b < 0);
}`,
  ),
  // Integer with the order of the bits: -0 is below +0.
  f_order: helper(
    "",
    `fn f_order(x: f32) -> i32 {
  let b = bitcast<i32>(x);
  return b ^ ((b >> 31u) & 0x7fffffff);
}`,
  ),
  f_lt: helper(
    "f_isNan f_key",
    `fn f_lt(x: f32, y: f32) -> bool {
  return f_key(x) < f_key(y) && !f_isNan(x) && !f_isNan(y);
}`,
  ),
  f_le: helper(
    "f_isNan f_key",
    `fn f_le(x: f32, y: f32) -> bool {
  return f_key(x) <= f_key(y) && !f_isNan(x) && !f_isNan(y);
}`,
  ),
  f_eq: helper(
    "f_isNan f_key",
    `fn f_eq(x: f32, y: f32) -> bool {
  return f_key(x) == f_key(y) && !f_isNan(x) && !f_isNan(y);
}`,
  ),
  f_min: helper(
    "f_isNan f_order",
    `fn f_min(x: f32, y: f32) -> f32 {
  return select(y, x, f_isNan(x) || (!f_isNan(y) && f_order(x) < f_order(y)));
}`,
  ),
  f_max: helper(
    "f_isNan f_order",
    `fn f_max(x: f32, y: f32) -> f32 {
  return select(y, x, f_isNan(x) || (!f_isNan(y) && f_order(x) > f_order(y)));
}`,
  ),
}))();

/** Signs of float32, and rounding to whole numbers. */
const rounding = /* @__PURE__ */ ((): Readonly<Record<string, WgslHelper>> => ({
  f_neg: helper(
    "",
    `fn f_neg(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) ^ 0x80000000u);
}`,
  ),
  f_abs: helper(
    "",
    `fn f_abs(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) & 0x7fffffffu);
}`,
  ),
  f_trunc: helper(
    "",
    `fn f_trunc(x: f32) -> f32 {
  let b = bitcast<u32>(x);
  let e = i32((b >> 23u) & 0xffu) - 127;
  if (e < 0) { return bitcast<f32>(b & 0x80000000u); }
  if (e >= 23) { return x; }
  return bitcast<f32>(b & (0xffffffffu << u32(23 - e)));
}`,
  ),
  f_floor: helper(
    "f_trunc f_lt rounded",
    `fn f_floor(x: f32) -> f32 {
  let t = f_trunc(x);
  if (f_lt(x, t)) { return rounded(t - 1.0); }
  return t;
}`,
  ),
  f_ceil: helper(
    "f_floor f_neg",
    `fn f_ceil(x: f32) -> f32 {
  return f_neg(f_floor(f_neg(x)));
}`,
  ),
  f_nearest: helper(
    "rounded f_abs number",
    `fn f_nearest(x: f32) -> f32 {
  let b = bitcast<u32>(x);
  if ((b & 0x7fffffffu) >= 0x4b000000u) { return x; }
  let r = rounded(rounded(f_abs(x) + number(0x4b000000u)) - number(0x4b000000u));
  return bitcast<f32>(bitcast<u32>(r) | (b & 0x80000000u));
}`,
  ),
}))();

/** Division, square root and remainder of float32. */
const division = /* @__PURE__ */ ((): Readonly<Record<string, WgslHelper>> => ({
  f_div: helper(
    "rounded operand",
    `fn f_div(x: f32, y: f32) -> f32 {
  return rounded(x / operand(y));
}`,
  ),
  f_sqrt: helper(
    "rounded",
    `fn f_sqrt(x: f32) -> f32 {
  return rounded(sqrt(x));
}`,
  ),
  // For devices whose division or square root is inexact. A float64 result rounded to float32 is exact.
  f_divByIntegers: helper(
    "d_fromF32 d_div d_toF32",
    `fn f_divByIntegers(x: f32, y: f32) -> f32 {
  return d_toF32(d_div(d_fromF32(x), d_fromF32(y)));
}`,
  ),
  f_sqrtByIntegers: helper(
    "d_fromF32 d_sqrt d_toF32",
    `fn f_sqrtByIntegers(x: f32) -> f32 {
  return d_toF32(d_sqrt(d_fromF32(x)));
}`,
  ),
  f_rem: helper(
    "f_isNan",
    `fn f_rem(x: f32, y: f32) -> f32 {
  let sign = bitcast<u32>(x) & 0x80000000u;
  let a = bitcast<u32>(x) & 0x7fffffffu;
  let b = bitcast<u32>(y) & 0x7fffffffu;
  if (a >= 0x7f800000u || b == 0u || f_isNan(y)) { return bitcast<f32>(0x7fc00000u ^ params.zero.x); }
  if (a < b) { return x; }
  let e = max(b >> 23u, 1u);
  let d = (b & 0x7fffffu) | select(0u, 0x800000u, b >= 0x800000u);
  var r = (a & 0x7fffffu) | select(0u, 0x800000u, a >= 0x800000u);
  for (var i = max(a >> 23u, 1u); i > e; i--) {
    r = (r % d) << 1u;
  }
  r = r % d;
  if (r == 0u) { return bitcast<f32>(sign ^ params.zero.x); }
  let n = min(countLeadingZeros(r) - 8u, e - 1u);
  r = r << n;
  let exponent = select(0u, e - n, r >= 0x800000u);
  return bitcast<f32>((sign | (exponent << 23u) | (r & 0x7fffffu)) ^ params.zero.x);
}`,
  ),
}))();

/** Conversions of float32 to integers, which saturate, and to bool. */
const conversions = /* @__PURE__ */ ((): Readonly<Record<string, WgslHelper>> => ({
  // Magnitude of the integer part; 0xffffffff from 2^32 on.
  f_whole: helper(
    "",
    `fn f_whole(x: f32) -> u32 {
  let b = bitcast<u32>(x);
  let e = i32((b >> 23u) & 0xffu) - 127;
  if (e < 0) { return 0u; }
  if (e > 31) { return 0xffffffffu; }
  return (((b & 0x7fffffu) << 8u) | 0x80000000u) >> u32(31 - e);
}`,
  ),
  f_toI32: helper(
    "f_isNan f_whole",
    `fn f_toI32(x: f32) -> i32 {
  if (f_isNan(x)) { return 0; }
  let n = f_whole(x);
  if (bitcast<u32>(x) < 0x80000000u) { return bitcast<i32>(min(n, 0x7fffffffu)); }
  return bitcast<i32>(0u - min(n, 0x80000000u));
}`,
  ),
  f_toU32: helper(
    "f_isNan f_whole",
    `fn f_toU32(x: f32) -> u32 {
  if (f_isNan(x) || bitcast<u32>(x) >= 0x80000000u) { return 0u; }
  return f_whole(x);
}`,
  ),
  f_toBool: helper(
    "",
    `fn f_toBool(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) != 0u;
}`,
  ),
}))();

/**
 * Integer helpers. Because they are function calls, WGSL does not evaluate them as constant expressions, in which it
 * rejects overflow and division by zero.
 */
const integer = /* @__PURE__ */ ((): Readonly<Record<string, WgslHelper>> => ({
  i_div: helper(
    "",
    `fn i_div(x: i32, y: i32) -> i32 {
  if (y == 0) { return 0; }
  if (y == -1) { return 0 - x; }
  return x / y;
}`,
  ),
  i_rem: helper(
    "",
    `fn i_rem(x: i32, y: i32) -> i32 {
  if (y == 0 || y == -1) { return 0; }
  return x % y;
}`,
  ),
  u_div: helper(
    "",
    `fn u_div(x: u32, y: u32) -> u32 {
  if (y == 0u) { return 0u; }
  return x / y;
}`,
  ),
  u_rem: helper(
    "",
    `fn u_rem(x: u32, y: u32) -> u32 {
  if (y == 0u) { return 0u; }
  return x % y;
}`,
  ),
  i_value: helper("", `fn i_value(x: i32) -> i32 {\n  return x;\n}`),
  u_value: helper("", `fn u_value(x: u32) -> u32 {\n  return x;\n}`),
}))();

const helpers: Readonly<Record<string, WgslHelper>> = /* @__PURE__ */ (() => ({
  ...doubleHelpers,
  ...barriers,
  ...comparisons,
  ...rounding,
  ...division,
  ...conversions,
  ...integer,
}))();

/** Declarations of the helpers in `used` and of all helpers that they call. */
export function helperTexts(used: ReadonlySet<string>): string[] {
  const reached = new Set<string>();
  const reach = (name: string): void => {
    if (reached.has(name)) return;
    reached.add(name);
    helpers[name]!.uses.forEach(reach);
  };
  used.forEach(reach);
  return Object.keys(helpers).flatMap((name) => (reached.has(name) ? [helpers[name]!.text] : []));
}
