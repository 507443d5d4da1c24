// Float64 arithmetic in integers, because WGSL has no float64. A number is `vec2u(low word, high word)`. The functions
// round to the nearest number, ties to even, as IEEE 754 specifies; every NaN has the bits 0x7ff80000_00000000.
// Method: a significand whose leading bit is bit 62, with a sticky bit, is rounded and packed by `d_pack`.

/** A function of generated WGSL, with the names of the helpers that it calls. */
export interface WgslHelper {
  readonly text: string;
  readonly uses: readonly string[];
}

/** Creates a helper from its source and the names of the helpers that it calls, separated by spaces. */
export const helper = (uses: string, text: string): WgslHelper => ({
  uses: uses.split(" ").filter(Boolean),
  text,
});

/**
 * Helpers for 64-bit unsigned integers as `vec2u(low, high)`. Shift counts are 0 to 63. `u_jam` shifts right by any
 * count, and sets the lowest bit if a lost bit was 1.
 */
const words = /* @__PURE__ */ ((): Readonly<Record<string, WgslHelper>> => ({
  u_add: helper(
    "",
    `fn u_add(a: vec2u, b: vec2u) -> vec2u {
  let low = a.x + b.x;
  return vec2u(low, a.y + b.y + select(0u, 1u, low < a.x));
}`,
  ),
  u_sub: helper(
    "",
    `fn u_sub(a: vec2u, b: vec2u) -> vec2u {
  return vec2u(a.x - b.x, a.y - b.y - select(0u, 1u, a.x < b.x));
}`,
  ),
  u_less: helper(
    "",
    `fn u_less(a: vec2u, b: vec2u) -> bool {
  return a.y < b.y || (a.y == b.y && a.x < b.x);
}`,
  ),
  u_shl: helper(
    "",
    `fn u_shl(a: vec2u, n: u32) -> vec2u {
  if (n == 0u) { return a; }
  if (n >= 32u) { return vec2u(0u, a.x << (n - 32u)); }
  return vec2u(a.x << n, (a.y << n) | (a.x >> (32u - n)));
}`,
  ),
  u_jam: helper(
    "",
    `fn u_jam(a: vec2u, n: u32) -> vec2u {
  if (n == 0u) { return a; }
  if (n < 32u) {
    let lost = a.x << (32u - n);
    return vec2u((a.x >> n) | (a.y << (32u - n)) | select(0u, 1u, lost != 0u), a.y >> n);
  }
  if (n == 32u) { return vec2u(a.y | select(0u, 1u, a.x != 0u), 0u); }
  if (n < 64u) {
    let lost = (a.y << (64u - n)) | a.x;
    return vec2u((a.y >> (n - 32u)) | select(0u, 1u, lost != 0u), 0u);
  }
  return vec2u(select(0u, 1u, (a.x | a.y) != 0u), 0u);
}`,
  ),
  u_zeros: helper(
    "",
    `fn u_zeros(a: vec2u) -> u32 {
  return select(countLeadingZeros(a.y), 32u + countLeadingZeros(a.x), a.y == 0u);
}`,
  ),
  u_product: helper(
    "",
    `fn u_product(a: u32, b: u32) -> vec2u {
  let al = a & 0xffffu;
  let ah = a >> 16u;
  let bl = b & 0xffffu;
  let bh = b >> 16u;
  let low = al * bl;
  let m1 = ah * bl + (low >> 16u);
  let m2 = al * bh + (m1 & 0xffffu);
  return vec2u((m2 << 16u) | (low & 0xffffu), ah * bh + (m1 >> 16u) + (m2 >> 16u));
}`,
  ),
}))();

/** Helpers that decompose and pack float64 numbers. */
const parts = /* @__PURE__ */ ((): Readonly<Record<string, WgslHelper>> => ({
  d_isNan: helper(
    "",
    `fn d_isNan(a: vec2u) -> bool {
  let high = a.y & 0x7fffffffu;
  return high > 0x7ff00000u || (high == 0x7ff00000u && a.x != 0u);
}`,
  ),
  d_isZero: helper(
    "",
    `fn d_isZero(a: vec2u) -> bool {
  return ((a.y & 0x7fffffffu) | a.x) == 0u;
}`,
  ),
  d_nan: helper(
    "",
    `fn d_nan() -> vec2u {
  return vec2u(0u, 0x7ff80000u);
}`,
  ),
  // `exponent` is the biased exponent minus one, because the leading bit of the significand adds one.
  d_pack: helper(
    "u_add u_jam",
    `fn d_pack(sign: u32, exponent: i32, significand: vec2u) -> vec2u {
  var e = exponent;
  var s = significand;
  if (e < 0) {
    s = u_jam(s, u32(-e));
    e = 0;
  } else if (e > 0x7fd || (e == 0x7fd && u_add(s, vec2u(0x200u, 0u)).y >= 0x80000000u)) {
    return vec2u(0u, sign | 0x7ff00000u);
  }
  let rest = s.x & 0x3ffu;
  s = u_add(s, vec2u(0x200u, 0u));
  var low = (s.x >> 10u) | (s.y << 22u);
  if (rest == 0x200u) { low = low & 0xfffffffeu; }
  return vec2u(low, sign | ((u32(e) << 20u) + (s.y >> 10u)));
}`,
  ),
  // Significand with bit 52 set, in x and y; biased exponent in z. The number is neither 0 nor infinite nor NaN.
  d_parts: helper(
    "u_shl u_zeros",
    `fn d_parts(a: vec2u) -> vec3i {
  let e = i32((a.y >> 20u) & 0x7ffu);
  let f = vec2u(a.x, a.y & 0xfffffu);
  if (e != 0) { return vec3i(bitcast<vec2i>(vec2u(f.x, f.y | 0x100000u)), e); }
  let n = u_zeros(f) - 11u;
  return vec3i(bitcast<vec2i>(u_shl(f, n)), 1 - i32(n));
}`,
  ),
}))();

const arithmetic = /* @__PURE__ */ ((): Readonly<Record<string, WgslHelper>> => ({
  d_neg: helper(
    "",
    `fn d_neg(a: vec2u) -> vec2u {
  return vec2u(a.x, a.y ^ 0x80000000u);
}`,
  ),
  d_abs: helper(
    "",
    `fn d_abs(a: vec2u) -> vec2u {
  return vec2u(a.x, a.y & 0x7fffffffu);
}`,
  ),
  d_add: helper(
    "u_add u_sub u_less u_shl u_jam u_zeros d_isNan d_nan d_pack",
    `fn d_add(p: vec2u, q: vec2u) -> vec2u {
  let p1 = vec2u(p.x, p.y & 0x7fffffffu);
  let q1 = vec2u(q.x, q.y & 0x7fffffffu);
  let isSwapped = u_less(p1, q1);
  let a = select(p, q, isSwapped);
  let b = select(q, p, isSwapped);
  let ea = (a.y >> 20u) & 0x7ffu;
  let eb = (b.y >> 20u) & 0x7ffu;
  let sign = a.y & 0x80000000u;
  let isDifference = ((a.y ^ b.y) & 0x80000000u) != 0u;
  if (ea == 0x7ffu) {
    if (d_isNan(a) || d_isNan(b) || (eb == 0x7ffu && isDifference)) { return d_nan(); }
    return a;
  }
  var sa = u_shl(vec2u(a.x, (a.y & 0xfffffu) | select(0u, 0x100000u, ea != 0u)), 10u);
  var sb = u_shl(vec2u(b.x, (b.y & 0xfffffu) | select(0u, 0x100000u, eb != 0u)), 10u);
  let e = max(ea, 1u);
  sb = u_jam(sb, e - max(eb, 1u));
  if (isDifference) {
    let s = u_sub(sa, sb);
    if ((s.x | s.y) == 0u) { return vec2u(0u, 0u); }
    let n = u_zeros(s) - 1u;
    return d_pack(sign, i32(e) - 1 - i32(n), u_shl(s, n));
  }
  let s = u_add(sa, sb);
  if (s.y >= 0x80000000u) { return d_pack(sign, i32(e), u_jam(s, 1u)); }
  return d_pack(sign, i32(e) - 1, s);
}`,
  ),
  d_sub: helper(
    "d_add d_neg",
    `fn d_sub(a: vec2u, b: vec2u) -> vec2u {
  return d_add(a, d_neg(b));
}`,
  ),
  d_mul: helper(
    "u_add u_shl u_product d_isNan d_isZero d_nan d_parts d_pack",
    `fn d_mul(a: vec2u, b: vec2u) -> vec2u {
  let sign = (a.y ^ b.y) & 0x80000000u;
  let isInfinite = ((a.y & 0x7ff00000u) == 0x7ff00000u) || ((b.y & 0x7ff00000u) == 0x7ff00000u);
  if (isInfinite) {
    if (d_isNan(a) || d_isNan(b) || d_isZero(a) || d_isZero(b)) { return d_nan(); }
    return vec2u(0u, sign | 0x7ff00000u);
  }
  if (d_isZero(a) || d_isZero(b)) { return vec2u(0u, sign); }
  let pa = d_parts(a);
  let pb = d_parts(b);
  let x = u_shl(bitcast<vec2u>(pa.xy), 10u);
  let y = u_shl(bitcast<vec2u>(pb.xy), 11u);
  let ll = u_product(x.x, y.x);
  let lh = u_product(x.x, y.y);
  let hl = u_product(x.y, y.x);
  let middle = u_add(u_add(vec2u(lh.x, 0u), vec2u(hl.x, 0u)), vec2u(ll.y, 0u));
  var s = u_add(u_product(x.y, y.y), vec2u(lh.y, 0u));
  s = u_add(s, vec2u(hl.y, 0u));
  s = u_add(s, vec2u(middle.y, 0u));
  if ((middle.x | ll.x) != 0u) { s.x = s.x | 1u; }
  var e = pa.z + pb.z - 0x3ff;
  if (s.y < 0x40000000u) {
    s = u_shl(s, 1u);
    e = e - 1;
  }
  return d_pack(sign, e, s);
}`,
  ),
  d_div: helper(
    "u_sub u_less u_shl d_isNan d_isZero d_nan d_parts d_pack",
    `fn d_div(a: vec2u, b: vec2u) -> vec2u {
  let sign = (a.y ^ b.y) & 0x80000000u;
  let isInfiniteA = (a.y & 0x7ff00000u) == 0x7ff00000u;
  let isInfiniteB = (b.y & 0x7ff00000u) == 0x7ff00000u;
  if (d_isNan(a) || d_isNan(b) || (isInfiniteA && isInfiniteB) || (d_isZero(a) && d_isZero(b))) { return d_nan(); }
  if (isInfiniteA || d_isZero(b)) { return vec2u(0u, sign | 0x7ff00000u); }
  if (isInfiniteB || d_isZero(a)) { return vec2u(0u, sign); }
  let pa = d_parts(a);
  let pb = d_parts(b);
  var r = bitcast<vec2u>(pa.xy);
  let d = bitcast<vec2u>(pb.xy);
  var e = pa.z - pb.z + 0x3fe;
  if (u_less(r, d)) {
    r = u_shl(r, 1u);
    e = e - 1;
  }
  var s = vec2u(0u, 0u);
  for (var i = 0u; i < 63u; i++) {
    s = u_shl(s, 1u);
    if (!u_less(r, d)) {
      r = u_sub(r, d);
      s.x = s.x | 1u;
    }
    r = u_shl(r, 1u);
  }
  if ((r.x | r.y) != 0u) { s.x = s.x | 1u; }
  return d_pack(sign, e, s);
}`,
  ),
  d_sqrt: helper(
    "u_sub u_less u_shl d_isNan d_isZero d_nan d_parts d_pack",
    `fn d_sqrt(a: vec2u) -> vec2u {
  if (d_isNan(a)) { return d_nan(); }
  if (d_isZero(a)) { return a; }
  if (a.y >= 0x80000000u) { return d_nan(); }
  if (a.y == 0x7ff00000u) { return a; }
  let p = d_parts(a);
  var s = bitcast<vec2u>(p.xy);
  var e = p.z - 0x3ff;
  if ((e & 1) != 0) {
    s = u_shl(s, 1u);
    e = e - 1;
  }
  s = u_shl(s, 10u);
  var rest = vec2u(0u, 0u);
  var root = vec2u(0u, 0u);
  for (var i = 0u; i < 55u; i++) {
    rest = u_shl(rest, 2u);
    rest.x = rest.x | (s.y >> 30u);
    s = u_shl(s, 2u);
    var trial = u_shl(root, 2u);
    trial.x = trial.x | 1u;
    root = u_shl(root, 1u);
    if (!u_less(rest, trial)) {
      rest = u_sub(rest, trial);
      root.x = root.x | 1u;
    }
  }
  root = u_shl(root, 8u);
  if ((rest.x | rest.y) != 0u) { root.x = root.x | 1u; }
  return d_pack(0u, (e >> 1u) + 0x3fe, root);
}`,
  ),
  d_rem: helper(
    "u_sub u_less u_shl u_zeros d_isNan d_isZero d_nan d_parts d_pack",
    `fn d_rem(a: vec2u, b: vec2u) -> vec2u {
  let sign = a.y & 0x80000000u;
  if (d_isNan(a) || d_isNan(b) || d_isZero(b) || (a.y & 0x7ff00000u) == 0x7ff00000u) { return d_nan(); }
  if ((b.y & 0x7ff00000u) == 0x7ff00000u || d_isZero(a)) { return a; }
  let pa = d_parts(a);
  let pb = d_parts(b);
  var r = bitcast<vec2u>(pa.xy);
  let d = bitcast<vec2u>(pb.xy);
  if (pa.z < pb.z) { return a; }
  for (var i = pa.z - pb.z; i >= 0; i--) {
    if (!u_less(r, d)) { r = u_sub(r, d); }
    if (i > 0) { r = u_shl(r, 1u); }
  }
  if ((r.x | r.y) == 0u) { return vec2u(0u, sign); }
  let n = u_zeros(r) - 1u;
  return d_pack(sign, pb.z + 9 - i32(n), u_shl(r, n));
}`,
  ),
}))();

/** Helpers for comparisons, and for rounding to integers. */
const comparisons = /* @__PURE__ */ ((): Readonly<Record<string, WgslHelper>> => ({
  // Order of the bits: -0 is below +0, and NaN has no defined position.
  d_below: helper(
    "u_less",
    `fn d_below(a: vec2u, b: vec2u) -> bool {
  let sa = a.y >= 0x80000000u;
  let sb = b.y >= 0x80000000u;
  if (sa != sb) { return sa; }
  return select(u_less(a, b), u_less(b, a), sa);
}`,
  ),
  d_lt: helper(
    "d_isNan d_isZero d_below",
    `fn d_lt(a: vec2u, b: vec2u) -> bool {
  return !d_isNan(a) && !d_isNan(b) && !(d_isZero(a) && d_isZero(b)) && d_below(a, b);
}`,
  ),
  d_le: helper(
    "d_isNan d_isZero d_below",
    `fn d_le(a: vec2u, b: vec2u) -> bool {
  return !d_isNan(a) && !d_isNan(b) && ((d_isZero(a) && d_isZero(b)) || !d_below(b, a));
}`,
  ),
  d_eq: helper(
    "d_isNan d_isZero",
    `fn d_eq(a: vec2u, b: vec2u) -> bool {
  return !d_isNan(a) && !d_isNan(b) && ((d_isZero(a) && d_isZero(b)) || all(a == b));
}`,
  ),
  d_min: helper(
    "d_isNan d_below",
    `fn d_min(a: vec2u, b: vec2u) -> vec2u {
  if (d_isNan(a)) { return a; }
  if (d_isNan(b)) { return b; }
  return select(b, a, d_below(a, b));
}`,
  ),
  d_max: helper(
    "d_isNan d_below",
    `fn d_max(a: vec2u, b: vec2u) -> vec2u {
  if (d_isNan(a)) { return a; }
  if (d_isNan(b)) { return b; }
  return select(b, a, d_below(b, a));
}`,
  ),
  d_trunc: helper(
    "u_shl",
    `fn d_trunc(a: vec2u) -> vec2u {
  let e = i32((a.y >> 20u) & 0x7ffu) - 0x3ff;
  if (e < 0) { return vec2u(0u, a.y & 0x80000000u); }
  if (e >= 52) { return a; }
  return a & u_shl(vec2u(0xffffffffu, 0xffffffffu), u32(52 - e));
}`,
  ),
  d_floor: helper(
    "d_trunc d_lt d_add",
    `fn d_floor(a: vec2u) -> vec2u {
  let t = d_trunc(a);
  if (d_lt(a, t)) { return d_add(t, vec2u(0u, 0xbff00000u)); }
  return t;
}`,
  ),
  d_ceil: helper(
    "d_floor d_neg",
    `fn d_ceil(a: vec2u) -> vec2u {
  return d_neg(d_floor(d_neg(a)));
}`,
  ),
  d_nearest: helper(
    "d_add",
    `fn d_nearest(a: vec2u) -> vec2u {
  let size = vec2u(a.x, a.y & 0x7fffffffu);
  if (size.y >= 0x43300000u) { return a; }
  let r = d_add(d_add(size, vec2u(0u, 0x43300000u)), vec2u(0u, 0xc3300000u));
  return vec2u(r.x, r.y | (a.y & 0x80000000u));
}`,
  ),
}))();

/** Helpers that convert between float64 and the other types. */
const conversions = /* @__PURE__ */ ((): Readonly<Record<string, WgslHelper>> => ({
  // Bits of a float32 from a significand whose leading bit is bit 30; `exponent` as in `d_pack`.
  f_pack: helper(
    "",
    `fn f_pack(sign: u32, exponent: i32, significand: u32) -> u32 {
  var e = exponent;
  var s = significand;
  if (e < 0) {
    let n = u32(-e);
    if (n < 31u) { s = (s >> n) | select(0u, 1u, (s << (32u - n)) != 0u); } else { s = select(0u, 1u, s != 0u); }
    e = 0;
  } else if (e > 0xfd || (e == 0xfd && s + 0x40u >= 0x80000000u)) {
    return sign | 0x7f800000u;
  }
  let rest = s & 0x7fu;
  s = (s + 0x40u) >> 7u;
  if (rest == 0x40u) { s = s & 0xfffffffeu; }
  return sign | ((u32(e) << 23u) + s);
}`,
  ),
  f_fromU32: helper(
    "f_pack",
    `fn f_fromU32(x: u32) -> f32 {
  if (x == 0u) { return 0.0; }
  let n = countLeadingZeros(x);
  let s = x << n;
  return bitcast<f32>(f_pack(0u, 157 - i32(n), (s >> 1u) | (s & 1u)));
}`,
  ),
  f_fromI32: helper(
    "f_fromU32",
    `fn f_fromI32(x: i32) -> f32 {
  if (x >= 0) { return f_fromU32(bitcast<u32>(x)); }
  return bitcast<f32>(bitcast<u32>(f_fromU32(0u - bitcast<u32>(x))) | 0x80000000u);
}`,
  ),
  d_fromF32: helper(
    "d_nan",
    `fn d_fromF32(x: f32) -> vec2u {
  let b = bitcast<u32>(x);
  let sign = b & 0x80000000u;
  let e = (b >> 23u) & 0xffu;
  var f = b & 0x7fffffu;
  if (e == 0xffu) {
    if (f != 0u) { return d_nan(); }
    return vec2u(0u, sign | 0x7ff00000u);
  }
  var exponent = e + 0x380u;
  if (e == 0u) {
    if (f == 0u) { return vec2u(0u, sign); }
    let n = countLeadingZeros(f) - 8u;
    f = (f << n) & 0x7fffffu;
    exponent = 0x381u - n;
  }
  return vec2u(f << 29u, sign | (exponent << 20u) | (f >> 3u));
}`,
  ),
  d_toF32: helper(
    "d_isNan f_pack",
    `fn d_toF32(a: vec2u) -> f32 {
  let sign = a.y & 0x80000000u;
  let e = i32((a.y >> 20u) & 0x7ffu);
  if (e == 0x7ff) { return bitcast<f32>(select(sign | 0x7f800000u, 0x7fc00000u, d_isNan(a)) ^ params.zero.x); }
  if (e == 0) { return bitcast<f32>(sign ^ params.zero.x); }
  let s = 0x40000000u | ((a.y & 0xfffffu) << 10u) | (a.x >> 22u) | select(0u, 1u, (a.x & 0x3fffffu) != 0u);
  return bitcast<f32>(f_pack(sign, e - 0x381, s) ^ params.zero.x);
}`,
  ),
  d_fromU32: helper(
    "u_shl",
    `fn d_fromU32(x: u32) -> vec2u {
  if (x == 0u) { return vec2u(0u, 0u); }
  let n = countLeadingZeros(x);
  let s = u_shl(vec2u(x, 0u), n + 21u);
  return vec2u(s.x, ((1054u - n) << 20u) | (s.y & 0xfffffu));
}`,
  ),
  d_fromI32: helper(
    "d_fromU32",
    `fn d_fromI32(x: i32) -> vec2u {
  if (x >= 0) { return d_fromU32(bitcast<u32>(x)); }
  let m = d_fromU32(0u - bitcast<u32>(x));
  return vec2u(m.x, m.y | 0x80000000u);
}`,
  ),
  // Magnitude of the integer part; 0xffffffff from 2^32 on.
  d_whole: helper(
    "",
    `fn d_whole(a: vec2u) -> u32 {
  let e = i32((a.y >> 20u) & 0x7ffu) - 0x3ff;
  if (e < 0) { return 0u; }
  if (e > 31) { return 0xffffffffu; }
  let f = ((a.y & 0xfffffu) << 11u) | (a.x >> 21u) | 0x80000000u;
  return f >> u32(31 - e);
}`,
  ),
  d_toU32: helper(
    "d_isNan d_whole",
    `fn d_toU32(a: vec2u) -> u32 {
  if (d_isNan(a) || a.y >= 0x80000000u) { return 0u; }
  return d_whole(a);
}`,
  ),
  d_toI32: helper(
    "d_isNan d_whole",
    `fn d_toI32(a: vec2u) -> i32 {
  if (d_isNan(a)) { return 0; }
  let n = d_whole(a);
  if (a.y < 0x80000000u) { return bitcast<i32>(min(n, 0x7fffffffu)); }
  return bitcast<i32>(0u - min(n, 0x80000000u));
}`,
  ),
}))();

/** All helpers that emulate float64, by name. */
export const doubleHelpers: Readonly<Record<string, WgslHelper>> = /* @__PURE__ */ (() => ({
  ...words,
  ...parts,
  ...arithmetic,
  ...comparisons,
  ...conversions,
}))();
