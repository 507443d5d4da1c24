/**
 * 128-bit hash of int32 numbers, as text: four multiplicative hashes of 32 bits that depend on one another. One
 * loop reads integers instead of digits, because most programs are hashed once, before the engine has
 * compiled this code. Until then `for … of` would allocate an object per number.
 */
export function digest(words: readonly number[]): string {
  let [a, b, c, d] = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344]; // digits of pi
  for (let i = 0; i < words.length; i++) {
    const n = words[i]!;
    a = Math.imul(a ^ n, 0x9e3779b1);
    a ^= a >>> 15;
    b = Math.imul(b ^ n ^ a, 0x85ebca77);
    b ^= b >>> 13;
    c = Math.imul(c ^ n ^ b, 0xc2b2ae3d);
    c ^= c >>> 16;
    d = Math.imul(d ^ n ^ c, 0x27d4eb2f);
    d ^= d >>> 14;
  }
  return [a, b, c, d].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}
