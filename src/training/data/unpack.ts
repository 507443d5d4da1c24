/**
 * Unpacks `n` integers below `values` that `scripts/embed-digits.mjs` packed by range coding. Integer `i` is at
 * position `i % places` of its line. Each position has its own adaptive counts of the values seen so far.
 *
 * @see Subbotin, Carryless rangecoder, 1999; G. N. N. Martin, Range encoding, 1979.
 */
export function unpack(base64: string, n: number, places: number, values: number): Uint8Array {
  const text = atob(base64);
  let at = 0;
  const nextByte = (): number => (at < text.length ? text.charCodeAt(at++) : 0);
  const counts = Array.from({ length: places }, () => new Uint32Array(values).fill(1));
  const out = new Uint8Array(n);
  let low = 0;
  let range = 0xffffffff;
  let code = 0;
  for (let i = 0; i < 4; i++) code = ((code << 8) | nextByte()) >>> 0;
  for (let i = 0; i < n; i++) {
    const count = counts[i % places]!;
    let total = 0;
    for (let value = 0; value < values; value++) total += count[value]!;
    range = Math.floor(range / total);
    const target = Math.floor(((code - low) >>> 0) / range);
    let symbol = 0;
    let below = 0;
    while (below + count[symbol]! <= target) below += count[symbol++]!;
    low = (low + below * range) >>> 0;
    range *= count[symbol]!;
    count[symbol]! += 4; // values seen once are likely to recur
    out[i] = symbol;
    for (;;) {
      if ((low ^ (low + range)) >>> 24 !== 0) {
        if (range >= 2 ** 16) break;
        range = -low & 0xffff; // matches the packer where the range had become too small
      }
      code = ((code << 8) | nextByte()) >>> 0;
      low = (low << 8) >>> 0;
      range = (range << 8) >>> 0;
    }
  }
  return out;
}
