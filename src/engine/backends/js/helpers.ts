/** Functions that generated code calls for operations without a JavaScript operator. */
export type JsHelper =
  "highWord" | "lowWord" | "fromWords" | "bitsOf" | "fromBits" | "nearest" | "toInt32" | "toUint32";

/** Source of each helper. `doubles`, `words` and `floats` are views of one scratch buffer of 8 bytes. */
export const helperSources: Readonly<Record<JsHelper, string>> = {
  highWord: `function highWord(x) {
  doubles[0] = x;
  return words[1];
}`,
  lowWord: `function lowWord(x) {
  doubles[0] = x;
  return words[0];
}`,
  fromWords: `function fromWords(high, low) {
  words[1] = high;
  words[0] = low;
  return doubles[0];
}`,
  bitsOf: `function bitsOf(x) {
  floats[0] = x;
  return words[0];
}`,
  fromBits: `function fromBits(bits) {
  words[0] = bits;
  return floats[0];
}`,
  // Adding 2^52 leaves no bits for a fraction, so the sum is rounded to an integer, ties to even.
  nearest: `function nearest(x) {
  const size = Math.abs(x);
  if (!(size > 0 && size < 4503599627370496)) return x;
  const rounded = size + 4503599627370496 - 4503599627370496;
  return x < 0 ? -rounded : rounded;
}`,
  toInt32: `function toInt32(x) {
  return Math.max(-2147483648, Math.min(2147483647, x)) | 0;
}`,
  toUint32: `function toUint32(x) {
  return Math.max(0, Math.min(4294967295, x)) >>> 0;
}`,
};
