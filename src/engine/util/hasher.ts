/** Makes a 128-bit hash of numbers and texts, in their order. */
export interface Hasher {
  /** Takes a number in, as an int32. */
  readonly feed: (n: number) => void;
  /** Takes the length of a text in, then its characters. */
  readonly feedText: (text: string) => void;
  readonly digest: () => string;
}

/**
 * Four multiplicative hashes of 32 bits that depend on one another. A number is taken in at once and not digit by digit: most
 * programs are hashed once, before the engine has compiled any of this.
 */
export function makeHasher(): Hasher {
  let [a, b, c, d] = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344]; // digits of pi
  const feed = (n: number): void => {
    a = Math.imul(a ^ n, 0x9e3779b1);
    a ^= a >>> 15;
    b = Math.imul(b ^ n ^ a, 0x85ebca77);
    b ^= b >>> 13;
    c = Math.imul(c ^ n ^ b, 0xc2b2ae3d);
    c ^= c >>> 16;
    d = Math.imul(d ^ n ^ c, 0x27d4eb2f);
    d ^= d >>> 14;
  };
  return {
    feed,
    feedText(text) {
      feed(text.length);
      for (let i = 0; i < text.length; i++) feed(text.charCodeAt(i));
    },
    digest: () => [a, b, c, d].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join(""),
  };
}
