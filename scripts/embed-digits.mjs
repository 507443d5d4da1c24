// Packs data/digits.csv.gz into src/training/data/digits.generated.ts as base64 of 35 KB, which
// src/training/data/unpack.ts unpacks.
//
// The code is an adaptive range coder. For each of the 65 columns of a line (64 pixels and the label) it counts the
// frequency of the 17 values so far. A value takes −log2 of its estimated probability in bits. As gzip the data take 57
// KB, as a Huffman code 46 KB.
//
// Usage: node scripts/embed-digits.mjs
import { readFileSync, writeFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

const source = new URL("../data/digits.csv.gz", import.meta.url);
const target = new URL("../src/training/data/digits.generated.ts", import.meta.url);
const places = 65;
const values = 17;

const lines = gunzipSync(readFileSync(source)).toString("utf8").trim().split("\n");
const rows = lines.map((line) => line.split(",").map(Number));
for (const row of rows) {
  const fits = row.length === places && row.every((x) => Number.isInteger(x) && x >= 0 && x < values);
  if (!fits)
    throw new Error(
      `data/digits.csv.gz: a line holds something else than 65 integers from 0 to 16: ${row.join()}`,
    );
}

const packed = Buffer.from(pack(rows.flat())).toString("base64");
writeFileSync(
  target,
  `// Made by scripts/embed-digits.mjs from data/digits.csv.gz: do not edit.
// Optical Recognition of Handwritten Digits by E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, CC BY 4.0.
export const digitCount: number = ${rows.length};
export const packedDigits: string =
  "${packed}";
`,
);

/**
 * Subbotin's range coder without carries; the mirror of `unpack` in src/training/data/unpack.ts.
 *
 * @param {readonly number[]} symbols
 * @returns {number[]} bytes
 */
function pack(symbols) {
  const counts = Array.from({ length: places }, () => new Array(values).fill(1));
  /** @type {number[]} */
  const bytes = [];
  let low = 0;
  let range = 0xffffffff;
  symbols.forEach((symbol, i) => {
    const count = /** @type {number[]} */ (counts[i % places]);
    const total = count.reduce((a, b) => a + b, 0);
    const below = count.slice(0, symbol).reduce((a, b) => a + b, 0);
    const own = /** @type {number} */ (count[symbol]);
    range = Math.floor(range / total);
    low = (low + below * range) >>> 0;
    range *= own;
    count[symbol] = own + 4;
    for (;;) {
      if ((low ^ (low + range)) >>> 24 !== 0) {
        if (range >= 2 ** 16) break;
        range = -low & 0xffff; // so small a range that straddles two leading bytes: shorten it to end at the border
      }
      bytes.push(low >>> 24);
      low = (low << 8) >>> 0;
      range = (range << 8) >>> 0;
    }
  });
  for (let i = 0; i < 4; i++, low <<= 8) bytes.push(low >>> 24);
  return bytes;
}
