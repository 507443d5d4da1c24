/** Exact mantissa and exponent of a finite float64: mantissa · 2^exponent. */
function parts(x: number): [mantissa: bigint, exponent: number] {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  const bits = view.getBigUint64(0);
  const biased = Number((bits >> 52n) & 2047n);
  const fraction = bits & ((1n << 52n) - 1n);
  const mantissa = biased === 0 ? fraction : fraction | (1n << 52n);
  return [bits >> 63n === 1n ? -mantissa : mantissa, Math.max(biased, 1) - 1075];
}

/**
 * Rounds mantissa · 2^exponent once, ties to even, to a float with `digits` binary digits, least exponent `least` and
 * largest finite value `greatest`.
 */
function rounded(
  mantissa: bigint,
  exponent: number,
  digits: number,
  least: number,
  greatest: number,
): number {
  const size = mantissa < 0n ? -mantissa : mantissa;
  const length = size.toString(2).length;
  const cut = Math.max(length - digits, least - exponent);
  let kept = size;
  if (cut > 0) {
    const half = 1n << BigInt(cut - 1);
    const rest = size & ((1n << BigInt(cut)) - 1n);
    kept = size >> BigInt(cut);
    if (rest > half || (rest === half && (kept & 1n) === 1n)) kept++;
  }
  const scale = exponent + Math.max(cut, 0);
  const value = Number(kept) * 2 ** Math.max(scale, -1000) * 2 ** Math.min(scale + 1000, 0);
  return (value > greatest ? Infinity : value) * (mantissa < 0n ? -1 : 1);
}

/** Returns x · y + z rounded once, to float32 or float64. */
export function fusedMultiplyAdd(x: number, y: number, z: number, type: "f32" | "f64"): number {
  const plain = x * y + z;
  if (![x, y, z].every(Number.isFinite)) return Number.isFinite(x * y) ? z : plain;
  const [mx, ex] = parts(x);
  const [my, ey] = parts(y);
  const [mz, ez] = parts(z);
  const product = mx * my;
  const e = Math.min(ex + ey, ez);
  const sum = (product << BigInt(ex + ey - e)) + (mz << BigInt(ez - e));
  if (sum === 0n) return product === 0n ? plain : 0; // exact cancellation gives +0; zero products keep the sign rule
  return type === "f32"
    ? rounded(sum, e, 24, -149, 3.4028234663852886e38)
    : rounded(sum, e, 53, -1074, Number.MAX_VALUE);
}
