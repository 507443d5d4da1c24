import { describe, expect, test } from "vitest";
import { runBothWays } from "../../../test/support/plain-agreement.ts";
import { scalarFunctions } from "../../engine/prims/scalar-functions.ts";
import { checkRegion } from "../../engine/region/form/check.ts";

/** Accepted construct: the body of a function `f`, its parameters, and arguments. */
interface Row {
  readonly params: string;
  /** Code around the function. */
  readonly outside?: string;
  readonly returns?: string;
  readonly body: string;
  readonly calls: readonly (readonly unknown[])[];
}

function row(params: string, body: string, ...calls: readonly (readonly unknown[])[]): Row {
  return { params, body, calls };
}

const expressions: Readonly<Record<string, Row>> = {
  "arithmetic in the order of the text": row(
    "a: number, b: number",
    "return a - b * a / (b + 3) % 2 - -a;",
    [1.5, 2],
    [-7, 0.3],
  ),
  powers: row(
    "a: number, b: number",
    "return a ** 2 + a ** 3 + a ** -1 + Math.pow(a, b) + a ** 0.5;",
    [1.5, 2],
    [2, 5],
  ),
  "powers of what is not finite": row(
    "a: number, b: number",
    "const p = a ** b; return p === p ? p : -1;",
    [1, NaN],
    [1, Infinity],
    [-1, -Infinity],
    [NaN, 0],
    [0, 0],
    [2, Infinity],
    [0.5, Infinity],
    [-0, -1],
    [-8, 3],
  ),
  "compound assignment": row(
    "a: number",
    "let x = a; x += 2; x *= x; x -= a; x /= 3; x %= 1.5; x **= 2; return x;",
    [1.25],
    [-4],
  ),
  "assignment that cuts off decimals, of variables and elements": row(
    "a: number",
    "let x = a * 3; x |= 0; const t = [a, -a]; let i = 0; t[i++] |= 0; return (x *= 2) + (t[1] |= 0) * 10 + t[0] * 100 + i;",
    [1.75],
    [-2.5],
    [4e9],
  ),
  "logical assignment": row(
    "a: number, b: number",
    "let x = a; x ||= b * 2; let y = a; y &&= b + 1; let n = 0; let on = a > 1; on ||= (n++, b > 1); on &&= b < 5; let z = b; const w = (z ??= 7); return x + 10 * y + 100 * n + (on ? 1000 : 0) + z * w;",
    [0, 3],
    [2, 0.5],
    [0, 7],
    [NaN, 2],
  ),
  "comparisons with NaN and their negations": row(
    "a: number, b: number",
    "return (a < b ? 1 : 0) + (!(a < b) ? 2 : 0) + (a >= b ? 4 : 0) + (!(a >= b) ? 8 : 0) + (a === b ? 16 : 0) + (a != b ? 32 : 0);",
    [1, 2],
    [2, 1],
    [1, 1],
    [NaN, 1],
    [NaN, NaN],
  ),
  "negative zero": row("a: number", "return 1 / -a + 1 / (a * -1);", [0], [2]),
  booleans: row(
    "a: number, b: boolean",
    "const c = a > 1 && !b; const d = c || a < -1; return d === b ? a : -a;",
    [2, false],
    [0, true],
    [-3, true],
  ),
  "numbers as conditions": row(
    "a: number, b: number",
    "let s = 0; if (a) s += 1; if (!b) s += 2; s += a || 5; s += b && 7; return s;",
    [1, 0],
    [0, 3],
    [NaN, NaN],
  ),
  "chosen values": row("a: number", "return a > 0 ? Math.log(a) : a < -1 ? -a : 0.5;", [2], [-3], [-0.5]),
  "cutting off decimals": row(
    "a: number",
    "return (a | 0) + ((a * 3) | 0) * 0.5;",
    [2.7],
    [-2.7],
    [3e9],
    [-5e9],
    [NaN],
    [Infinity],
    [4294967296.5],
    [2 ** 53],
  ),
  "operators on bits": row(
    "a: number, b: number",
    "let c = a; c &= 12; c |= 3; c ^= b; c <<= 2; c >>= 1; c >>>= 1; return [a & b, a | b, a ^ b, ~a, a << b, a >> b, a >>> b, a << 31, a >>> 0, a >> 33, 1 << 3, c, (a | 1) & 6 ^ b];",
    [13, 6],
    [-13, 35],
    [4e9, -1],
    [2.9, 0.5],
    [NaN, Infinity],
    [-2147483648, 31],
    [2 ** 53 + 2, 7],
  ),
  "indices of bits": row(
    "x: number[], n: number",
    "let s = 0; for (let i = 0; i < n; i++) { s += x[i & 1] * x[i >> 1] * x[(i ^ 1) & 3]; if (i & 1) s -= 1; } const t = new Float64Array(1 << 2); t[n >>> 1] = s; return [s, ...t];",
    [[1, 2, 3, 4], 4],
  ),
  rounding: row(
    "a: number",
    "return [Math.round(a), Math.floor(a), Math.ceil(a), Math.trunc(a), Math.fround(a), Math.sign(a)];",
    [0.49999999999999994],
    [2.5],
    [-2.5],
    [-0.2],
    [-0],
    [4503599627370497],
    [NaN],
    [Infinity],
    [-0.5000000000000001],
    [0.1],
  ),
  extrema: row(
    "a: number, b: number",
    "return [Math.max(a, b), Math.min(a, b, 0), Math.max(a), 1 / Math.max(a, b), 1 / Math.min(a, b)];",
    [1, 2],
    [NaN, 1],
    [0, -0],
    [-0, 0],
    [-1, Infinity],
  ),
  "functions of Math": row(
    "a: number, b: number",
    "const s = [Math.abs(-a), Math.acos(a), Math.asin(a), Math.atan(a), Math.atan2(a, -b), Math.atanh(a), Math.cbrt(-a), Math.cos(b), Math.sin(b), Math.tan(b), Math.exp(b), Math.expm1(a), Math.log(b), Math.log1p(a), Math.log2(b), Math.log10(b), Math.sqrt(b)]; let sum = 0; for (let i = 0; i < s.length; i++) sum += (i + 1) * s[i]; return sum;",
    [0.3, 1.5],
    [-0.7, 0.2],
  ),
  "functions of Math that grow or jump": row(
    "a: number, b: number",
    "const s = [Math.acosh(1 + b), Math.asinh(a), Math.cosh(a), Math.sinh(a), Math.tanh(a), Math.ceil(a), Math.floor(a), Math.round(a), Math.trunc(a), Math.sign(a), Math.fround(b), Math.hypot(a, b), Math.max(a, b), Math.min(a, b)]; let sum = 0; for (let i = 0; i < s.length; i++) sum += (i + 1) * s[i]; return sum;",
    [0.3, 1.5],
    [-2.7, 0.2],
  ),
  "no extrema": row("a: number", "return a + (Math.max() < Math.min() ? 1 : 0);", [1]),
  "constants of the language": row(
    "a: number",
    "return a * Math.PI + Math.E + Number.EPSILON + Math.SQRT2 - Infinity / a + Number.MAX_VALUE * 0;",
    [2],
  ),
  "tests of numbers": row(
    "a: number",
    "return (Number.isNaN(a) ? 1 : 0) + (isFinite(a) ? 2 : 0) + (Number.isFinite(a) ? 16 : 0) + (Number.isInteger(a) ? 4 : 0) + Number(a > 0) + (Boolean(a) ? 8 : 0);",
    [1],
    [NaN],
    [Infinity],
    [0.5],
    [0],
    [-3],
  ),
  "assignments inside of expressions": row(
    "x: number[]",
    "let i = 0; const out = new Float64Array(3); out[i++] = x[i]; out[i++] = x[i] + (i = 1); out[++i] = i; let a; const b = (a = x[0]) + a; return out[0] + 10 * out[1] + 100 * out[2] + b + i;",
    [[3, 5, 7]],
  ),
  "operands in the order of the text": row(
    "a: number",
    "let x = a; const s = x + (x = 2 * x) * x + x++ - ++x; let y = 1; y += (y = 5); return s + y;",
    [3],
  ),
  "chained assignments": row("a: number", "let x = 1, y = 2; x = y = a; x += y *= 3; return x * y;", [1.5]),
  "a side that is not taken does not read": row(
    "x: number[], i: number",
    "const a = i < x.length && x[i] > 1 ? 1 : 0; const b = i >= x.length || x[i] > 1 ? 2 : 0; return a + b + (i < x.length ? x[i] : -1);",
    [[1, 2], 1],
    [[1, 2], 7],
  ),
  "helpers on a side that is not taken": {
    ...row(
      "x: number[], i: number",
      "return (i < x.length && big(x, i)) || i > 5 ? 1 : 0;",
      [[1, 2], 1],
      [[1, 2], 4],
      [[1, 2], 7],
    ),
    outside:
      "function big(x: number[], i: number) { let s = 0; for (let k = 0; k <= i; k++) s += x[k]!; return s > 2; }",
  },
  "a comma": row("a: number", "let x = 0; return (x = a, x * 2);", [2]),
  "void, debugger, empty statements": row("a: number", "void a; ;;; { } return a;", [2]),
};

const control: Readonly<Record<string, Row>> = {
  "loops with steps": row(
    "n: number",
    "let s = 0; for (let i = 0; i < n; i += 3) s += i; for (let i = n; i > 0; i -= 2) s += 100 * i; for (let i = n - 1; i >= 0; i--) s += i; for (let i = 1; i <= n; i = i + 1) s *= 1.01; return s;",
    [7],
    [0],
    [1],
  ),
  "loops over decimals": row(
    "a: number, b: number",
    "let s = 0; for (let t = a; t < b; t += 1) s += t * t; for (let t = 0; t <= b; t += 0.25) s += t; for (let t = b; t > a; t--) s += 1; for (let t = b; t >= a; t -= 2) s += 3; return s + a * b;",
    [0.5, 3.2],
    [-1.25, 2],
    [1, 1],
  ),
  "bounds that are no integers": row(
    "x: number[]",
    "let s = 0; for (let i = 0; i < x.length / 2; i++) s += x[i]; for (let i = 0; i <= x.length / 2 - 1; i++) s += 10 * x[i]; return s;",
    [[1, 2, 3]],
    [[1, 2, 3, 4]],
  ),
  "a bound that is NaN": row(
    "a: number",
    "let s = 0; for (let i = -3; i < a / 0; i++) { s++; if (s > 10) break; } for (let i = 0; i < a / 0; i++) { s++; if (s > 20) break; } return s;",
    [0],
  ),
  "bounds that change": row(
    "n: number",
    "let m = n; let s = 0; for (let i = 0; i < m; i++) { s += i; if (i === 2) m = 5; } return s;",
    [9],
    [2],
  ),
  "places that move along": row(
    "x: number[], n: number",
    "let s = 0, at = n - 1; for (let i = 0; i < n; i++) { let p = i; for (let j = 0; j < i; j++) { s += x[p] * (j + 1); p += n - j - 2; } at -= 1; s = s * 2 + x[at + 1]; } return s + at;",
    [[1, 2, 3, 4, 5], 3],
    [[1, 2, 3, 4, 5], 0],
  ),
  "indices that the body sets": row(
    "n: number",
    "let s = 0; for (let i = 0; i < n; i++) { s += i; if (i % 3 === 1) i++; } return s;",
    [9],
  ),
  "while and do": row(
    "a: number",
    "let x = a, k = 0; while (x > 1) { x /= 2; k++; } do { x *= 3; k += 10; } while (x < 20 && k < 100); return x + k;",
    [9],
    [0.3],
  ),
  "conditions with statements": {
    ...row(
      "a: number",
      "let x = a; while (f2(x) > 1) { x = x / 2; if (x < 1.1) break; } do x += 0.75; while (f2(x) < 9); for (let i = 0; f2(i) < 30; i++) x += i; return x;",
      [9],
      [0.3],
    ),
    outside: "function f2(x: number) { let y = x; for (let i = 0; i < 2; i++) y = y * y / 2 + 1; return y; }",
  },
  "break and continue": row(
    "x: number[]",
    "let s = 0; for (let i = 0; i < x.length; i++) { if (x[i] < 0) continue; if (x[i] > 10) break; s += x[i]; if (x[i] === 3) { s += 100; continue; } s += 1; } return s;",
    [[1, -2, 3, 4, 11, 5]],
    [[]],
    [[20]],
  ),
  labels: row(
    "n: number",
    "let s = 0; outer: for (let i = 0; i < n; i++) { for (let j = 0; j < n; j++) { if (j > i) continue outer; if (i + j > 9) break outer; s += i * j + 1; } s += 1000; } block: { if (s > 5000) break block; s += 0.5; } return s;",
    [3],
    [8],
    [0],
  ),
  "labelled loops of every kind": row(
    "n: number",
    "let s = 0; a: while (true) { s++; do { s += 2; if (s > n) break a; for (const v of [1, 2, 3]) { s += v; if (v === 2) continue a; } } while (s < 100); } return s;",
    [5],
    [40],
  ),
  "early returns": row(
    "x: number[], a: number",
    "if (a < 0) return -1; for (const v of x) { if (v > a) return v; if (v === 0) { while (true) { a += 1; if (a > 5) return a; } } } let s = 0; for (let i = 0; i < x.length; i++) { s += x[i]; } if (s > 2) { return s; } else { s *= 2; } return s + 0.5;",
    [[1, 2], -1],
    [[1, 2, 9], 3],
    [[1, 0], 2],
    [[1], 3],
    [[1, 1, 1], 3],
  ),
  switch: row(
    "k: number, a: number",
    "let s = 0; switch (k) { case 0: s = a; break; case 1: case 2: { s = 2 * a; if (a > 2) break; s += 1; break; } case 3: return a; default: s = -1; } return s;",
    [0, 1],
    [1, 1],
    [2, 5],
    [3, 2],
    [4, 2],
    [NaN, 1],
  ),
  "switch that falls through": row(
    "k: number",
    "let s = 0; for (let i = 0; i < 6; i++) { switch (k + i) { case 1: s += 1; default: s += 10; case 2: s += 100; if (i === 4) break; s += 0.5; case 3: s += 1000; continue; case 4: s += 7; } s *= 2; } return s;",
    [0],
    [1],
    [3],
  ),
  "switch of booleans and of values": row(
    "a: number, b: number",
    "switch (true) { case a > b: return 1; case a === b: return 2; } switch (a) { case b - 1: return 3; default: return 4; }",
    [2, 1],
    [1, 1],
    [0, 1],
    [0, 5],
  ),
  "loops that end by several ways": row(
    "x: number[], n: number",
    "let s = 0; for (let i = 0; i < n && s < 10; i++) { s += x[i % x.length]; if (s > 7.5) { s += 100; break; } } return s;",
    [[1, 2], 3],
    [[1, 2], 30],
    [[1, 6], 30],
    [[9], 0],
  ),
  "for without parts": row(
    "a: number",
    "let i = 0; for (;;) { if (i > a) break; i += 2; } for (; i < 20; ) i += 3; for (let j = 0, k = 9; j < k; j++, k--) i += j; return i;",
    [4],
  ),
  "statements that are expressions": row(
    "a: number",
    "let x = 0; a > 1 && (x = 5); a > 2 || (x += 7); a > 3 ? (x *= 2) : (x -= 1); return x;",
    [1],
    [2],
    [3],
    [4],
  ),
  var: row("a: number", "var x = a; var x2 = x + 1; return x * x2;", [2]),
  "unreachable code": row("a: number", "if (true) { return a; } return 2;", [3]),
};

const arrays: Readonly<Record<string, Row>> = {
  "kinds of arrays": row(
    "x: number[], y: Float64Array, z: Float32Array, k: Int32Array",
    "let s = 0; for (let i = 0; i < k.length; i++) s += x[k[i]] * y[i] + z[i] + k[i] / 2; return s;",
    [[1, 2, 3], Float64Array.of(0.1, 0.2), Float32Array.of(0.1, 0.3), Int32Array.of(2, 0)],
  ),
  "bytes as data": row(
    "x: number, b: Uint8Array, rows: Uint8Array[], p: { image?: Uint8Array }",
    "const v = new Float64Array(b), w = Array.from(b, (e) => e / 255), y = [...b]; v[0] = x; y[1] += x; let s = b.length + v[0] * v[1] + w[2] + y[1]; for (const r of rows) for (const e of r) s = s * 0.5 + x * e; for (const [i, e] of b.entries()) s += i * e; return s + b.indexOf(10) + b.reduce((a, e) => a + e) + (p.image?.[1] ?? -1);",
    [
      1.5,
      Uint8Array.of(0, 10, 255),
      [Uint8Array.of(1, 2), Uint8Array.of(3, 4)],
      { image: Uint8Array.of(7, 8) },
    ],
    [0.5, Uint8Array.of(3, 1, 10), [Uint8Array.of(9)], {}],
  ),
  "new arrays": row(
    "x: number[], n: number",
    "const a = new Float64Array(n), b = new Array<number>(n).fill(2), c = Array.from({ length: n }, (_, i) => i * x[0]), d = new Float64Array(x), e = [...x], g = Array(3).fill(x[1]), h = Float64Array.from(x, (v) => v + 1), k = Float64Array.of(1, x[0]), l = new Float32Array(n), m = new Int32Array([1.7, -1.7, 4e9]); a[1] = 3; l[0] = 0.1; return a[1] + b[2] + c[2] + d[0] + e[1] + g[2] + h[0] + k[1] + l[0] + m[0] + m[1] + m[2] + a.length + c.length;",
    [[1.5, 2], 3],
  ),
  "fill and slice": row(
    "x: number[]",
    "const y = x.slice(); y.fill(7, 1, 3); const z = x.slice(1), w = x.slice(-2), v = x.slice(1, -1), u = x.slice(0, 2), e = x.slice(9); y.fill(1, -1); let s = 0; for (let i = 0; i < y.length; i++) s += y[i] * 10 ** i; for (const q of z) s += q; for (const q of w) s *= q; return s + v[0] + v.length + u[1] + e.length;",
    [[1, 2, 3, 4]],
    [[5, 6, 7, 8, 9]],
  ),
  "slice with places that are computed": row(
    "x: number[], a: number, b: number",
    "const y = x.slice(a, b); let s = y.length; for (const v of y) s = s * 2 + v; return s;",
    [[1, 2, 3, 4], 1, 3],
    [[1, 2, 3, 4], -3, 9],
    [[1, 2, 3], 2, 1],
    [[1, 2, 3], -9, -1],
  ),
  "methods with functions": row(
    "x: number[], a: number",
    "const y = x.map((v, i) => v * i + a); let s = 0; y.forEach((v) => { s += v; }); const t = x.reduce((sum, v) => sum + v * v, 1); const all = x.every((v) => v > 0), some = x.some((v) => v > 2); return s + t + (all ? 100 : 0) + (some ? 1000 : 0) + y.at(-1)! + x.at(0)!;",
    [[1, 2, 3], 0.5],
    [[-1, 2], 0.5],
  ),
  "sums that begin with an element, and at the end": row(
    "x: number[]",
    "return x.reduce((a, b) => a * 2 + b) + 100 * x.reduceRight((a, b, i) => a * 2 + b * i, 1) + 1e4 * x.reduceRight((a, b) => a - b);",
    [[1, 2, 3]],
    [[5]],
  ),
  "helpers with arguments that may be left out": row(
    "x: number[]",
    "const f = (v: number[], k = 2, base?: number, top?: number): number => (base ?? 10) + k * v[0] + (top ?? base ?? 0.5); return f(x) + 10 * f(x, 3) + 100 * f(x, 3, 1) + 1e3 * f(x, 3, 1, 7);",
    [[1.5, 2]],
  ),
  "arrays spread among numbers": row(
    "x: number[], m: number[][], n: Int32Array",
    "const y = [...x, 7, ...x.slice(1), ...n]; const rows = m.map((row, i) => [x[i], ...row, i]); let s = y.length; for (const v of y) s = s * 2 + v; for (const row of rows) for (const v of row) s = s * 3 + v; const z = [1, ...x, 2]; z[1] += 5; return s + 1e6 * (z[0] + z[1] + z[z.length - 1] + x[0]);",
    [
      [1, 2, 3],
      [
        [4, 5],
        [6, 7],
      ],
      Int32Array.of(8, 9),
    ],
    [[1], [[9]], new Int32Array(0)],
  ),
  "lengths of whole arrays": row(
    "x: number[]",
    "return Math.hypot(...x);",
    [[3, 4, 12]],
    [[]],
    [[3e300, -4e300]],
    [[3e-300, 4e-300, 0]],
    [[NaN, -Infinity]],
    [[NaN, 1]],
  ),
  "typed arrays map to their kind": row(
    "x: Float32Array",
    "const y = x.map((v) => v / 3); return y[0] * 3 - x[0];",
    [Float32Array.of(0.1, 0.7)],
  ),
  set: row(
    "x: Float64Array",
    "const y = new Float64Array(5); y.set(x); y.set(x, 2); y.set([9], 4); return y[0] + 10 * y[2] + 100 * y[3] + y[4];",
    [Float64Array.of(1, 2)],
  ),
  "spread into extrema": row(
    "x: number[]",
    "return Math.max(...x) - Math.min(...x) + Math.max(...[x[0], 2]);",
    [[1, 5, -2]],
  ),
  "for of": row(
    "x: number[], pts: { x: number; y: number }[]",
    "let s = 0; for (const v of x) s += v; for (const [i, v] of x.entries()) s += i * v; for (const { x: u, y } of pts) s += u * y; for (const p of pts) { if (p.x > 1) continue; s -= p.y; } for (const i of x.keys()) s += i; for (let v of x) { v *= 2; s += v; } return s;",
    [
      [1, 2, 3],
      [
        { x: 1, y: 2 },
        { x: 3, y: 4 },
      ],
    ],
  ),
  matrices: row(
    "a: number[][], n: number",
    "const b = Array.from({ length: n }, () => new Array<number>(n).fill(0)); for (let i = 0; i < n; i++) { const row = a[i]; for (let j = 0; j < n; j++) { b[i][j] += row[j] * 2; } b[i]![0] -= 1; } const c = a.map((r) => r.slice()); c[0][1] = 9; const d = [[1, 2], [3, 4]]; let s = 0; for (const r of b) for (const v of r) s += v; return s + c[0][1] + a[0][1] + d[n - 1][0] + a.length * a[0].length;",
    [
      [
        [1, 2],
        [3, 4],
      ],
      2,
    ],
  ),
  "items of tuples by a place": row(
    "x: number, p: [[number, number], [number, number]]",
    "const v: [number, number, number] = [x, 1, 2]; const t: [[number, number], [number, number]] = [[x, 1], [2, x]]; const r: [{ a: number }, { a: number }] = [{ a: x }, { a: 3 }]; let i = 1; const g = () => { v[0] = 5; return x; }; v[i] += g(); v[i - 1] *= 2; let s = 0; for (let k = 0; k < 2; k++) { [v[k], v[k + 1]] = [v[k + 1], v[k]]; const c = t[k]; c[0] += 1; t[1 - k][1] *= 2; s = s * 3 + c[0] * t[k][1] + r[k].a * p[k][1 - k]; r[k].a++; } t[i] = [7, x]; return s + v[0] + 3 * v[1] + 9 * v[2] + t[1][0] + r[0].a * r[1].a;",
    [
      2.5,
      [
        [1, 2],
        [3, 4],
      ],
    ],
  ),
  "a tuple that is given an array": row(
    "x: number",
    "let s: [number, number] = [x, 1]; for (let i = 0; i < 3; i++) { const next = [0, 0]; for (let k = 0; k < 2; k++) next[k] = s[k] * 2 + i; s = next as [number, number]; } return s[0] * 10 + s[1];",
    [1.5],
  ),
  "totals that are objects, tuples and arrays": row(
    "x: number[], m: number[][]",
    "const z = [1, 2]; const o = x.reduce((acc, v) => ({ s: acc.s + v, q: acc.q + v * v }), { s: 0, q: 0 }); const [a, b] = x.reduce(([p, q], v) => [p + v, q * v], [0, 1]); const c = x.reduce((acc, v, i) => acc.map((u) => u * v + i), z); const d = x.reduce((acc, v, i) => { acc[i % 2] += v; return acc; }, new Array<number>(2).fill(0)); const e = x.reduce((acc, v) => { acc.n++; acc.p *= v; return acc; }, { n: 0, p: 1 }); const best = m.reduce((r, t) => (t[0] > r[0] ? t : r)); return o.s + 2 * o.q + 3 * a + 5 * b + c[0] + c[1] + 7 * d[0] + d[1] + e.n * e.p + best[1] + z[0];",
    [
      [1, 3, 2],
      [
        [1, 2],
        [4, 3],
        [2, 9],
      ],
    ],
  ),
  "var where it is let": row(
    "x: number",
    "var s = 0; for (var i = 0; i < 3; i++) s += x * i; for (var i = 0; i < 3; i++) { var t = s * i; s = t + 1; } for (var v of [1, 2]) s += v * x; return s;",
    [1.5],
  ),
  "rows that are replaced": row(
    "a: number[][]",
    "const b = a.map((r) => r.slice()); b[0] = [7, 8]; const t = b[1].slice(); b[1] = b[1].map((v) => v * t[0]); let s = 0; for (const r of b) for (const v of r) s = s * 10 + v; return s;",
    [
      [
        [1, 2],
        [3, 4],
      ],
    ],
  ),
  "exchanges of rows and objects": row(
    "n: number",
    "const m = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]; [m[0], m[n]] = [m[n], m[0]]; const t = m[1]; m[1] = m[n]; m[n] = t; const ps = m.map((r) => ({ a: r[0], b: [r[1], r[2]] })); [ps[0], ps[n]] = [ps[n], ps[0]]; let p = { u: 1, v: 2 }, q = { u: n, v: 4 }; [p, q] = [q, p]; p.u += 10; const old = p; p = q; q = old; let s = 0; for (const r of m) for (const v of r) s = s * 1.5 + v; for (const o of ps) s = s * 2 + o.a + o.b[1]; return s + p.u * 100 + q.u * 1000;",
    [2],
    [0],
  ),
  "states that are replaced": row(
    "n: number, x0: number[]",
    "let state = { x: x0.slice(), t: 0 }; let x = x0.slice(), v = x0.map((q) => -q); for (let k = 0; k < n; k++) { const xn = new Array<number>(2).fill(0); for (let i = 0; i < 2; i++) xn[i] = state.x[i] * 2 + k; state = { x: xn, t: state.t + 1 }; const next = x.map((q, i) => q + v[i]), vn = v.map((q) => q * 0.5); [x, v] = [next, vn]; [x, v] = [v, x]; } return state.x[0] + state.t + x[0] * 10 + v[1];",
    [3, [1, 2]],
    [0, [1, 2]],
  ),
  exchanges: row(
    "n: number",
    "let a = new Float64Array(n), b = new Float64Array(n); a[0] = 1; for (let k = 0; k < 5; k++) { for (let i = 0; i < n; i++) b[i] = a[i] * 2 + i; [a, b] = [b, a]; const t = a; a = b; b = t; [a, b] = [b, a]; } return a[0] + 10 * b[0] + a[n - 1];",
    [3],
  ),
  "exchanges of more than two": row(
    "n: number",
    "let a = new Float64Array(3), b = a.map((_, i) => i), c = b.map((v) => v + n), d = c.map((v) => v * v); [a, b, c] = [b, c, a]; [a, b, c, d] = [d, a, b, c]; for (let k = 0; k < n; k++) { for (let i = 0; i < 3; i++) c[i] = 2 * b[i] - a[i] + k; const old = a; a = b; b = c; c = old; } const m = [[n, 1], [2, n], [3, 4]]; [m[0], m[1], m[2]] = [m[2], m[0], m[1]]; const t = m[0]; m[0] = m[1]; m[1] = m[2]; m[2] = t; m[0][0] *= 7; let [x, y, z] = [n, 2, 3]; [x, y, z] = [y, z, x]; const u = x; x = y; y = z; z = u; let s = x + 10 * y + 100 * z; for (let i = 0; i < 3; i++) s = s * 1.5 + a[i] + 2 * b[i] + 3 * c[i] + 5 * d[i]; for (const r of m) for (const v of r) s = s * 1.5 + v; return s;",
    [4],
    [0],
  ),
  "arrays that take each other's place": row(
    "x0: number[], n: number",
    "let x = x0.slice(); for (let k = 0; k < n; k++) { const next = new Array<number>(x.length).fill(0); for (let i = 0; i < x.length; i++) next[i] = x[i] * 0.5 + x[(i + 1) % x.length]; x = next; } let prev = x, cur = x.map((v) => v + 1); for (let k = 0; k < n; k++) { for (let i = 0; i < cur.length; i++) cur[i] += prev[i]; prev = cur; cur = new Array<number>(x.length).fill(k); } return x[0] + prev[0] * 100 + cur[1];",
    [[1, 2, 3], 3],
  ),
  "states of integrators": {
    ...row(
      "x0: Float64Array, dt: number, n: number",
      "let x = x0.slice(); for (let k = 0; k < n; k++) { const k1 = rhs(x); const mid = x.map((v, i) => v + 0.5 * dt * k1[i]); x = step(x, rhs(mid), dt); } return x[0] * x[1];",
      [Float64Array.of(1, 0), 0.1, 4],
    ),
    outside:
      "function rhs(x: Float64Array) { const d = new Float64Array(x.length); d[0] = x[1]; d[1] = -x[0]; return d; } const step = (x: Float64Array, d: Float64Array, dt: number) => { const y = new Float64Array(x.length); for (let i = 0; i < x.length; i++) y[i] = x[i] + dt * d[i]; return y; };",
  },
  "helpers that write to arrays": {
    ...row(
      "x: number[]",
      "const y = x.slice(); scale(y, 3); scale(y, y[0]); const m = [[1, 2], [3, 4]]; scale(m[1], 2); return y[1] + m[1][0];",
      [[1, 2]],
    ),
    outside: "function scale(a: number[], k: number): void { for (let i = 0; i < a.length; i++) a[i] *= k; }",
  },
  "aliases of arrays of this function": row(
    "n: number",
    "const a = new Float64Array(n); const b = a; b[1] = 5; const m = [[1, 2], [3, 4]]; const r = m[0]; r[1] = 9; return a[1] + m[0][1];",
    [3],
  ),
  "arrays in loops are new": row(
    "n: number",
    "let s = 0; for (let i = 0; i < n; i++) { const t = new Float64Array(2); t[0] += i; s += t[0] + t[1]; t[1] = 7; } return s;",
    [4],
  ),
  "booleans in arrays": row(
    "n: number",
    "const seen = new Array<boolean>(n).fill(false); let s = 0; for (let i = 0; i < 2 * n; i++) { const k = (i * 3) % n; if (!seen[k]) { seen[k] = true; s += i; } } return s;",
    [5],
  ),
  "arrays of booleans as parameters": row(
    "x: number[], on: boolean[], rows: readonly boolean[][]",
    "let s = 0; for (const [i, is] of on.entries()) if (is) s += x[i]; const off = on.map((is) => !is); for (const r of rows) r.forEach((is, i) => { if (is && off[i]) s -= 2 * x[i]; }); return on.every((is) => is) ? -s : s;",
    [
      [1, 2, 4],
      [true, false, true],
      [
        [true, true, false],
        [false, true, true],
      ],
    ],
  ),
  "arrays of two lengths chosen by ? :": row(
    "x: number[], y: number[], m: number[][], k: number",
    "const [short, long] = x.length < y.length ? [x, y] : [y, x]; let s = 0; for (let i = 0; i < short.length; i++) s += short[i] * long[i]; const z = k > 0 ? x.slice(1) : k < -1 ? [k, 1] : y.map((v) => v * k); z[0] *= 3; for (const v of z) s += v; const rows = k > 0 ? m : [x]; for (const r of rows) for (const v of r) s = s * 1.5 + v; return s + long[long.length - 1];",
    [[1, 2, 3], [4, 5], [[6, 7]], 1],
    [[1, 2], [3, 4, 5], [[6, 7]], -1],
    [[1, 2], [3, 4, 5], [[6, 7]], -2],
  ),
  "places from data": row(
    "x: number[], at: number[]",
    "let s = 0; for (let i = 0; i < at.length; i++) s += x[at[i]] * x[Math.min(at[i] + 1, x.length - 1)] + x[Math.floor(at[i] / 2)]; return s;",
    [
      [1, 2, 3],
      [2, 0, 1],
    ],
  ),
  "counters as places": row(
    "x: number[]",
    "const y = new Float64Array(x.length); let k = 0; for (const v of x) if (v > 0) { y[k] = v; k++; } let lo = 0, hi = k - 1; while (lo < hi) { const mid = Math.floor((lo + hi) / 2); if (y[mid] < 3) lo = mid + 1; else hi = mid; } return y[lo] + 100 * lo + k;",
    [[1, -1, 2, 4, 5]],
  ),
  "lists of records": row(
    "ps: { pos: { x: number; y: number }; m: number }[]",
    "const qs = ps.map((p) => ({ pos: { ...p.pos }, m: p.m * 2 })); qs[1].pos.x += 1; qs[0].m *= 3; qs[0] = { ...qs[0], pos: { x: 5, y: ps[0].pos.y } }; qs[1] = { pos: { x: 0, y: 1 }, m: 3 }; let s = 0; for (const q of qs) s = s * 3 + q.pos.x * q.m + q.pos.y; return s;",
    [
      [
        { pos: { x: 1, y: 2 }, m: 3 },
        { pos: { x: 4, y: 5 }, m: 6 },
      ],
    ],
  ),
};

const objects: Readonly<Record<string, Row>> = {
  records: row(
    "p: { w: number[]; b: number; deep: { c: number } }",
    "const { w, b: bias, deep: { c } } = p; const q = { b: bias, c, w }; q.b += 1; const r = { ...q, c: 5 }; const { b, ...rest } = r; let s = { x: b, y: 2 }; s = { x: s.y, y: s.x }; return q.b + r.b * 10 + r.c + rest.c + w[0] + q.w[1] + s.x * 100 + s.y + p['b'];",
    [{ w: [1, 2], b: 3, deep: { c: 4 } }],
  ),
  tuples: row(
    "p: [number, number], q: readonly [a: number, b: number[]]",
    "const [x, y] = p; let t: [number, number] = [x + 1, y]; t = [t[1], t[0]]; const u = [x, y, 3]; u[1] = 7; let [a, b] = [1, 2]; [a, b] = [b, a + x]; const [first, ...others] = u; return t[0] * 100 + t[1] + u[1] + a + b + q[0] + q[1][1] + first + others[1] + p.length;",
    [
      [1, 2],
      [3, [4, 5]],
    ],
  ),
  "tuples by places that are computed": row(
    "p: [number, number, number]",
    "let s = 0; for (let i = 0; i < 3; i++) s = s * 10 + p[i]; const q = [s, 1, 2]; for (let i = 0; i < q.length; i++) q[i] += i; return q[0] + q[2] * 0.1;",
    [[1, 2, 3]],
  ),
  "results of helpers": {
    ...row(
      "a: number, b: number",
      "const [x, y] = polar(a, b); const { s, c } = both(x); const m = choose(a, [a, b], [b, a]); return x * y + s * c + m[0] + norm(m) + sum3(...polar(1, 2));",
      [1, 2],
      [-1, 0.5],
    ),
    outside: `
      const polar = (x: number, y: number): [number, number] => [Math.sqrt(x * x + y * y), x - y];
      function both(t: number) { const s = t * 2; return { s, c: s + 1 }; }
      function choose(a: number, p: number[], q: number[]) { if (a > 0) return p; return q; }
      function norm(v: readonly number[]) { let s = 0; for (const x of v) s += x * x; return Math.sqrt(s); }
      function sum3(a: number, b: number, c = 5) { return a + b * c; }`,
  },
  "helpers with several returns": {
    ...row(
      "x: number[], a: number",
      "let s = 0; for (const v of x) { const r = classify(v, a); s += r.k * 10 + r.w; s += sign(v) + first(x, v); } return s;",
      [[1, -2, 5], 3],
      [[0, 0.5], 0.1],
    ),
    outside: `
      function classify(v: number, a: number) { if (v < 0) return { k: 1, w: -v }; for (let i = 0; i < 3; i++) { if (v > a * i) continue; return { k: i, w: v }; } return { k: 9, w: 0 }; }
      function sign(v: number): number { if (v > 0) { return 1; } else if (v < 0) { return -1; } else return 0; }
      function first(x: number[], v: number) { for (let i = 0; i < x.length; i++) { if (x[i] >= v) return i; } return -1; }`,
  },
  "functions inside": row(
    "a: number, n: number",
    "let calls = 0; const f1 = (x: number) => { calls += 1; return x * a; }; function f3(x: number) { return f1(x) + calls; } const integrate = (g: (t: number) => number, m: number) => { let s = 0; for (let i = 0; i < m; i++) s += g(i / m); return s / m; }; return f3(2) + integrate(f1, n) + integrate((t) => t * t, n) + integrate(Math.sqrt, n) + calls;",
    [1.5, 4],
  ),
  "hoisted functions": row("a: number", "return g(a); function g(x: number) { return x + 1; }", [1]),
  "records in branches": row(
    "a: number",
    "let p = { x: 1, y: [a, 2] }; if (a > 0) { p = { x: 2, y: [3, a] }; p.y[0] += 1; } const q = a > 1 ? { u: a, v: 1 } : { u: 0, v: a }; return p.x + p.y[0] * p.y[1] + q.u + q.v;",
    [2],
    [-2],
    [0.5],
  ),
  "arrays in records": row(
    "n: number",
    "const s = { x: new Float64Array(n), k: 0 }; for (let i = 0; i < n; i++) { s.x[s.k] = i * i; s.k++; } s.x = s.x.map((v) => v + 1); return s.x[n - 1] + s.k;",
    [4],
  ),
  "variables without a value": row(
    "a: number",
    "let x: number; let on: boolean; let p: { u: number }; if (a > 0) { x = a; on = true; p = { u: 1 }; } else { x = -a; on = false; p = { u: 2 }; } return on ? x + p.u : -x * p.u;",
    [2],
    [-3],
  ),
  "names of any kind": row(
    "top: number, $: number, select: number",
    "let load = top; const length = $; let constructor = select; load += length; return load * constructor;",
    [1, 2, 3],
  ),
  "shadowed names": row(
    "x: number",
    "let s = x; { const x = 5; s += x; { let s = 1; s += x; } } for (let x = 0; x < 2; x++) s += x; const g = (x: number) => x * 2; return s + g(x);",
    [10],
  ),
};

const outside: Readonly<Record<string, Row>> = {
  "members of a namespace": {
    ...row(
      "x: number, v: Const.Point, mode: Const.Mode",
      "return x * Const.g + Const.square(v.x) * Const.table.a + (mode === Const.Mode.Up ? Const.functions.half(x) : Const.half(x));",
      [2, { x: 3 }, "up"],
      [-1, { x: 0.5 }, "down"],
    ),
    outside:
      "namespace Const { const k = 2; export const g = 9.81 * k; export const table = { a: 1.5 } as const; export interface Point { x: number } export enum Mode { Up = 'up', Down = 'down' } export const half = (x: number) => x / k; export function square(x: number) { return k * x * x; } export const functions = { half }; }",
  },
  "enums whose members are computed": {
    ...row("a: number", "return a * Flag.Both + Flag.Last + Flag.Low * Flag.High;", [1.5]),
    outside: "enum Flag { Low = 1 << 0, High = 1 << 2, Both = Low | High, Last = Both * 2 + 1 }",
  },
  "enums as types": {
    ...row(
      "x: number, mode: Mode, list: { kind: Mode.Line | Mode.Cube }[]",
      "let s = x; for (const { kind } of list) s += kind === Mode.Cube ? x ** 3 : x; switch (mode) { case Mode.Line: return s; case Mode.Square: return s * x; default: return 0; }",
      [2, 0, [{ kind: 0 }, { kind: 6 }]],
      [2, 5, []],
      [2, 6, []],
    ),
    outside: "enum Mode { Line, Square = 5, Cube }",
  },
  "constants of the module": {
    ...row("a: number", "return a * RATE + STEPS + HALF + Kind.Cubic + (FLAG ? 1 : 0) + sin(a);", [2]),
    outside:
      "const RATE = 0.5; const STEPS = 2 * 3 + 1; const HALF = -Math.PI / 2; const FLAG = true; enum Kind { Linear, Cubic = 3 } const { sin } = Math;",
  },
};

/** Methods that search, choose and rearrange items. */
const searches: Readonly<Record<string, Row>> = {
  "searches for a value": row(
    "x: number[], y: number",
    "return [x.indexOf(y), x.lastIndexOf(y), x.indexOf(y, 2), x.indexOf(y, -2), x.includes(y) ? 1 : 0, x.includes(y, 2) ? 1 : 0];",
    [[1, 2, 3, 2], 2],
    [[1, NaN, 3], NaN],
    [[0], -0],
    [[], 1],
  ),
  "searches among booleans": row("b: boolean[]", "return b.indexOf(true) + (b.includes(false) ? 10 : 0);", [
    [false, true],
  ]),
  "searches by a function": row(
    "x: number[], y: number",
    "const i = x.findIndex((v) => v > y); const j = x.findLastIndex((v, k) => v > y && k < 3); return i + 10 * j + (x.find((v) => v > y) ?? 0.5) + (x.findLast((v) => v > y) ?? 0.25);",
    [[1, 5, 3, 4], 2],
    [[1, 5, 3, 4], 9],
    [[], 0],
  ),
  "an object that is found": row(
    "ps: { a: number; w: number[] }[], y: number",
    "const p = ps.find((q) => q.a > y); return p === undefined ? -1 : p.a * p.w[1]; ",
    [
      [
        { a: 1, w: [1, 2] },
        { a: 3, w: [3, 4] },
      ],
      2,
    ],
    [[{ a: 1, w: [1, 2] }], 2],
  ),
  "the found number before the array changes": row(
    "x: number[]",
    "const a = x.slice(); const found = a.find((v) => v > 1); a[1] = 9; return (found ?? 0) + a[1];",
    [[1, 2]],
  ),
  "items that are filtered": row(
    "x: number[], y: number",
    "const kept = x.filter((v, i) => v > y || i === 0); let s = kept.length; for (const v of kept) s += v * v; return [s, ...kept, ...x.filter(Boolean)];",
    [[1, 5, 0, 4], 2],
    [[], 0],
  ),
  "filtered rows and objects": row(
    "m: number[][], ps: { a: number; on: boolean }[]",
    "return m.filter((r) => r[0] > 1).reduce((s, r) => s + r[1], 0) + ps.filter((p) => p.on).map((p) => p.a).reduce((s, a) => s + a, 0);",
    [
      [
        [1, 2],
        [3, 4],
      ],
      [
        { a: 1, on: true },
        { a: 2, on: false },
      ],
    ],
  ),
  "filtered typed arrays": row("x: Float64Array", "return x.filter((v) => v > 0);", [
    Float64Array.of(1, -1, 2),
  ]),
  concatenations: row(
    "x: number[], m: number[][], ps: { a: number }[]",
    "const all = x.concat(7, [8, x[0]], x); const rows = m.concat(m, [[5, 6]]); const more = ps.concat({ a: 3 }); return [all.length, ...all, rows[2][1] + rows[4][0], ...[1, 2].concat(x), more[more.length - 1].a, ...[...m, [9, 8]].map((r) => r[0])];",
    [
      [1, 2],
      [
        [1, 2],
        [3, 4],
      ],
      [{ a: 1 }],
    ],
  ),
  "rows that are joined": row(
    "m: number[][], x: number[]",
    "return [...m.flat(), ...[x, [4, 5]].flat(), ...x.map((v) => [v, -v]).flat(1)];",
    [
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      [7],
    ],
  ),
  "items that a function returns as lists": row(
    "x: number[], ps: { a: number; b: number }[], m: number[][]",
    "return [...x.flatMap((v, i) => [v, v * v, i]), ...ps.flatMap(({ a, b }) => [a * b, b]), ...m.flatMap((r) => r), " +
      "...x.flatMap((v) => m[0].map((w) => v * w)), ...x.flatMap((v) => 2 * v), ...x.flatMap((v) => [{ v, w: 1 }, { v: -v, w: 2 }]).map((p) => p.v * p.w)];",
    [
      [1, -2],
      [{ a: 1, b: 2 }],
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [[], [], [[5, 6]]],
  ),
  "a string among others": row(
    'k: "a" | "b" | "c", ks: ("a" | "b")[]',
    'const m = ks.length > 1 ? "a" : "b"; return [["a", "b"].includes(k) ? 1 : 0, ["c"].includes(m) ? 1 : 0, ks.includes("b") ? 1 : 0, ks.indexOf("b"), ks.lastIndexOf(m), ["b", "c"].indexOf(k)];',
    ["a", ["a", "b"]],
    ["c", ["b"]],
    ["b", []],
  ),
  "elements beyond the ends": row(
    "x: number[], m: number[][], ps: { a: number; b?: number }[], on: boolean[]",
    "let s = 0; for (let i = -1; i <= 3; i++) { s = s * 3 + (x[i] ?? 0.5) + (m[i]?.[i + 1] ?? 7) + (ps[i]?.a ?? 2) * (ps[i]?.b ?? 3) + ((on[i] ?? true) ? 1 : 0); if (x[i] === undefined) s += 0.25; } " +
      "const rows = m.map((r) => r.slice()); let n = 0; while (x[n] !== undefined) n++; return [s, n, rows[5]?.length ?? -1, [1, 2][n] ?? 9, [4, 5][2] ?? 6];",
    [
      [1, 2],
      [
        [1, 2],
        [3, 4],
      ],
      [{ a: 1 }, { a: 3, b: 4 }],
      [false],
    ],
    [[], [[1]], [], [true, false, false]],
  ),
  "parts of typed arrays": row(
    "x: Float64Array, n: number",
    "const a = x.subarray(1, n), b = x.subarray(-2); return a[0] * b[1] + a.length + b.length;",
    [Float64Array.of(1, 2, 3, 4), 3],
  ),
  "numbers in order": row(
    "x: number[]",
    "const y = [...x].sort((a, b) => a - b); const down = x.toSorted((a, b) => b - a); const z = x.slice(); z.sort((a, b) => Math.abs(a) - Math.abs(b)); return [...y, ...down, ...z];",
    [[3, -1, 2, -3, 10, 9, 0.5]],
    [[]],
    [[1]],
    [[2, 1]],
  ),
  "ties keep their order": row(
    "x: number[]",
    "const places = x.map((_, i) => i); places.sort((i, j) => Math.floor(x[i]) - Math.floor(x[j])); return places;",
    [[1.5, 0.2, 1.1, 0.9, 1.9, 0.1, 1.2]],
  ),
  "typed arrays in order": row(
    "x: Float64Array",
    "const y = x.slice().sort(); return Array.from(y, (v) => v === 0 ? 1 / v : v);",
    [Float64Array.of(3, NaN, -0, 10, 9, 0, -1, NaN, -0)],
  ),
  "typed arrays that are spread are arrays of numbers": row(
    "x: Float64Array, y: Float32Array, n: number",
    "const a = [...x]; const b = [...y]; b[0] = 0.1; a[0] += n; return { a, b: b.map((v) => v / 3) };",
    [Float64Array.of(3, 4), Float32Array.of(0.5, 0.25), 2],
  ),
  "objects and rows in order": row(
    "ps: { a: number; b: number }[], m: number[][]",
    "const qs = ps.slice().sort((p, q) => p.a - q.a); const rows = m.map((r) => r.slice()); rows.sort((r, s) => s[1] - r[1]); rows[0][0] = 9; const top = ps.map((p) => ({ a: -p.a })).sort((p, q) => p.a - q.a); top[0].a *= 2; return [qs[0].b, qs[2].b, rows[0][0], rows[1][0], top[0].a];",
    [
      [
        { a: 2, b: 1 },
        { a: 1, b: 2 },
        { a: 3, b: 3 },
      ],
      [
        [1, 2],
        [3, 4],
      ],
    ],
  ),
  "from the end": row(
    "x: number[], m: number[][]",
    "const y = x.slice().reverse(); const z = x.slice(); z.reverse(); z[0] += 1; return [...y, ...z, ...x.toReversed(), m.slice().reverse()[0][1]];",
    [
      [1, 2, 3],
      [
        [1, 2],
        [3, 4],
      ],
    ],
  ),
  "functions of Math as callbacks": row(
    "x: number[]",
    "return [...x.map(Math.tanh), ...x.map(Number.isFinite).map(Number), ...x.map(Math.pow), ...Array.from(x, Math.abs)];",
    [[0.5, -1, 2]],
  ),
};

/** Arrays that `push` fills. */
const growing: Readonly<Record<string, Row>> = {
  "one item for each iteration": row(
    "x: number[], n: number",
    "const a: number[] = []; for (const v of x) a.push(2 * v); const b = [1]; for (let i = n; i > 0; i -= 2) b.push(i, a[0]); const c = []; for (let i = 1; i <= n; i++) { c.push([i, x[0]]); } return [...a, b.length, ...b, c[n - 1][0] + c[0][1]];",
    [[1, 2, 3], 3],
    [[5], 1],
  ),
  "items up to the index of a loop around": row(
    "x: number, n: number",
    "let s = 0; for (let k = n; k >= 0; k--) { const a: number[] = []; for (let i = 0; i <= k; i++) a.push(x * i); s += a.length * a[k]; } for (let k = 0; k < n; k++) { const b = [1]; for (let i = k; i < n; i++) if (i !== 2) b.push(i); s = s * 2 + b[b.length - 1]; } return s;",
    [1.5, 4],
    [2, 1],
  ),
  "items on a condition, until a break": row(
    "x: number[]",
    "const a: number[] = [], places: number[] = []; for (let i = 0; i < x.length; i++) { if (x[i] < 0) continue; if (x[i] > 5) break; a.push(x[i]); places.push(i); } return [a.length, ...a, ...places.map((i) => x[i])];",
    [[1, -2, 3, 9, 4]],
    [[]],
    [[-1]],
  ),
  "items that depend on those before": row(
    "x: number[]",
    "const sums: number[] = []; for (const v of x) { const last = sums.length > 0 ? sums[sums.length - 1] : 0; sums.push(last + v); } const path = [{ p: 0, v: 1 }]; for (const a of x) { const { p, v } = path.at(-1)!; path.push({ p: p + v, v: v + a }); } let all = 0; for (let i = 0; i < path.length; i++) all += path[i].p; return [...sums, all];",
    [[1, 2, 3]],
    [[]],
  ),
  "loops in loops": row(
    "x: number[], n: number",
    "const pairs: [number, number][] = []; for (let i = 0; i < x.length; i++) for (let j = i + 1; j < x.length; j++) pairs.push([x[i], x[j]]); const low: number[] = []; for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) low.push(i * 10 + j); const down: number[] = []; for (let i = n; i > 0; i--) for (let j = i; j < n; j++) down.push(j); return [pairs.length, ...pairs.map(([a, b]) => a * b), ...low, ...down];",
    [[1, 2, 3], 3],
    [[], 0],
  ),
  "rows, one after the other": row(
    "m: number[][], n: number",
    "const rows: number[][] = []; for (const r of m) { const row: number[] = []; for (let j = 0; j < n; j++) row.push(r[j] * 2); rows.push(row); } rows.push([7, 8]); const flat: number[] = []; for (const r of m) flat.push(...r, -1); return [rows.length, ...rows.flat(), ...flat];",
    [
      [
        [1, 2],
        [3, 4],
      ],
      2,
    ],
  ),
  "statements of the block, one after the other": row(
    "x: number",
    "const a: number[] = []; a.push(x); const n = a.push(2 * x, 3); a.push(a[0] + a.length); if (x > 1) { a.push(9); } else a.push(8, 7); a[0] = n; return a;",
    [2],
    [0.5],
  ),
  "callbacks and functions inside": row(
    "x: number[], n: number",
    "const a: number[] = []; const add = (v: number) => { if (v > 1) a.push(v); }; x.forEach((v) => a.push(v + 1)); for (let i = 0; i < n; i++) add(i); const seen: number[] = []; x.some((v) => { seen.push(v); return v > 1; }); x.map((v, i) => { if (i > 0) seen.push(v); return 0; }); return [a.length, ...a, ...seen];",
    [[1, 2, 3], 4],
  ),
  "arrays that grow in a helper": row(
    "x: number[]",
    "const evens = (xs: number[]) => { const kept: number[] = []; for (const v of xs) if (v % 2 === 0) kept.push(v); return kept; }; return [...evens(x), evens([1, 2, 4]).length];",
    [[2, 3, 4]],
  ),
  "loops with bounds that were computed before": row(
    "x: number[], n: number",
    "let m = 0; for (const v of x) if (v > 0) m++; const a: number[] = []; for (let i = 0; i < m; i++) a.push(i + n); const b = new Array<number>(); for (let i = 0; i < Math.min(n, 2); i++) b.push(i); const c: boolean[] = []; for (const v of x) c.push(v > 0); return [...a, ...b, c.filter((on) => on).length];",
    [[1, -1, 2], 3],
  ),
};

/** Functions that are returned, and members of classes. */
const makers: Readonly<Record<string, Row>> = {
  "functions that are returned": {
    ...row(
      "x: number, y: number",
      "const f1 = line(x, y), f2 = line(y, 2); let s = 0; for (let i = 0; i < 3; i++) s += f1(i) * f2(s); const { value, slope } = model(x); return s + line(1, 2)(x) + value(y) * slope(y) + twice(f1)(2);",
      [1.5, -0.5],
    ),
    outside:
      "const line = (a: number, b: number) => (t: number) => a * t + b; function model(k: number) { const k2 = k * k; return { value: (t: number) => k2 * t, slope: (t: number) => k2 + t * 0 }; } function twice(g: (t: number) => number) { return (t: number) => g(g(t)); }",
  },
  "static members of classes": {
    ...row("x: number", "return Maths.square(x) * Maths.K + Maths.cube(x);", [1.5]),
    outside:
      "class Maths { static readonly K = 0.5; static square(x: number) { return x * x; } static cube = (x: number) => x ** 3; }",
  },
  "classes without state, and objects of functions": {
    ...row(
      "x: number, kind: 'relu' | 'twice'",
      "const own = new Model(); const local = { half(v: number) { return v / 2; }, third: (v: number) => v / 3 }; return model.forward(x) + 10 * own.forward(2) + 100 * functions[kind](x) + functions.relu(-x) + local.half(x) * local.third(x) + SETTINGS.rate * SETTINGS.steps + (SETTINGS.mode === 'fast' ? 1e4 : 0) + Model.scaled(x) + new Empty().same(x);",
      [1.5, "relu"],
      [-0.5, "twice"],
    ),
    outside:
      "class Model { static readonly #K = 0.5; static #sq(x: number) { return x * x; } static scaled(x: number) { return Model.#K * Model.#sq(x); } forward(x: number) { return Math.tanh(Model.scaled(x)); } } class Empty { constructor() {} same = (x: number) => x; } const model = new Model(); const functions = { relu(x: number) { return Math.max(0, x); }, twice: (x: number) => 2 * x }; const SETTINGS = { rate: 0.5, steps: 3, mode: 'fast' } as const;",
  },
  "the first item and the rest": row(
    "x: number[], m: number[][], t: Float64Array",
    "const [first, ...rest] = x; const [, second, ...others] = m; const [a, b, ...c] = t; rest[0] = 9; let s = first + 10 * rest.length + 100 * second[0] + others.length; for (const v of rest) s += v; return [s, x[1], ...c.map((v) => v / 3), a * b];",
    [[1, 2, 3], [[1], [2], [3]], Float64Array.of(1, 2, 4)],
    [[1, 2], [[1], [2]], Float64Array.of(1, 2)],
  ),
};

/** Strings that are compared. */
const texts: Readonly<Record<string, Row>> = {
  "unions of strings": row(
    "x: number, kind: 'relu' | 'tanh' | 'none', mode?: 'up' | 'tanh'",
    "let s = kind === 'relu' ? Math.max(x, 0) : kind !== 'tanh' ? x : Math.tanh(x); if (mode === undefined) s += 10; else if (mode === 'up') s += 20; if (mode === kind) s += 100; switch (kind) { case 'relu': case 'none': s += 1; break; case 'tanh': s += 2; } const other = mode ?? 'down'; return s + (other === 'down' ? 1000 : 0) + (typeof kind === 'string' ? 0.5 : 0);",
    [0.5, "relu"],
    [-0.5, "tanh", "tanh"],
    [2, "none", "up"],
  ),
  "strings in variables, fields and arguments": {
    ...row(
      "x: number",
      "let mode = 'a'; if (x > 1) mode = 'b'; const o = { kind: x > 0 ? 'plus' : 'minus', v: x }; const list = [{ k: 'a', v: 1 }, { k: mode, v: 2 }]; let s = apply('square', x) + apply(`cube`, x); for (const { k, v } of list) if (k === 'a') s += v; o.kind = mode; if (o.kind === 'b') s += 100; return s + (mode === 'a' ? 1000 : 0);",
      [2],
      [-0.5],
    ),
    outside:
      "function apply(name: 'square' | 'cube', x: number) { switch (name) { case 'square': return x * x; case 'cube': return x ** 3; default: return 0; } }",
  },
  "enums and constants that are strings": {
    ...row(
      "x: number, mode: Mode, list: { mode: Mode; v: number }[]",
      "let s = mode === Mode.Down ? -x : x; for (const item of list) if (item.mode === Mode.Up) s += item.v; if (KIND === 'fast') s *= 2; return s;",
      [
        2,
        "up",
        [
          { mode: "up", v: 1 },
          { mode: "down", v: 5 },
        ],
      ],
      [2, "down", []],
    ),
    outside: "enum Mode { Up = 'up', Down = 'down' } const KIND = 'fast';",
  },
  "fields by names": row(
    "p: { a: number; b: number }, key: 'a' | 'b'",
    "let s = 0; for (const k of ['a', 'b'] as const) s += p[k] ** 2; const fixed = 'b'; return s + 10 * p[key] + 100 * p[fixed];",
    [{ a: 1, b: 2 }, "b"],
    [{ a: 1, b: 2 }, "a"],
  ),
  "objects by names": row(
    "data: { left: { n: number; k: { v: number }; on: boolean }; right: { n: number; k: { v: number }; on: boolean } }, side: 'left' | 'right'",
    "let s = 0; for (const one of ['left', 'right'] as const) { const { n, k } = data[one]; s = s * 10 + n * k.v; } const own = { left: { v: 1 }, right: { v: 2 } }; own[side].v += s; return s + data[side].n * 100 + (data[side].on ? 1000 : 0) + own.left.v * 7 + own.right.v;",
    [{ left: { n: 2, k: { v: 3 }, on: true }, right: { n: 5, k: { v: 7 }, on: false } }, "left"],
    [{ left: { n: 2, k: { v: 3 }, on: true }, right: { n: 5, k: { v: 7 }, on: false } }, "right"],
  ),
  "tests for fields by names": {
    ...row(
      "p: { a: number; b: number }, q: { a: number; b?: number }, terms: Term[]",
      "let s = 0; for (const t of terms) { if (t.of in p) s += t.c * p[t.of as 'a']; if (!(t.of in p)) s += 100; const known = t.of === 'c' ? 'a' : t.of; if (q[known] !== undefined) s += 1000 * q[known]!; s += 10000 * (q[known] ?? 7); } return s;",
      [
        { a: 2, b: 3 },
        { a: 5 },
        [
          { of: "a", c: 2 },
          { of: "b", c: 3 },
          { of: "c", c: 4 },
        ],
      ],
      [{ a: 2, b: 3 }, { a: 5, b: 6 }, [{ of: "b", c: 3 }]],
    ),
    outside: "interface Term { of: 'a' | 'b' | 'c'; c: number }",
  },
  "a function by a name with a default": {
    ...row(
      "x: number, o: { kind?: 'square' | 'sine'; k?: number }",
      "const { kind = 'sine', k = 2 } = o; return k * functions[kind](x);",
      [2, {}],
      [2, { kind: "square", k: 3 }],
    ),
    outside: "const functions = { square: (x: number) => x * x, sine: Math.sin };",
  },
  "arrays of strings": row(
    "x: number, ops: ('square' | 'same')[]",
    "let s = 0; for (let i = 0; i < ops.length; i++) s = s * 2 + (ops[i] === 'square' ? x * x : x); for (const op of ops) if (op !== 'same') s += 100; return s;",
    [3, ["square", "same", "square"]],
    [3, []],
  ),
  "switches over all cases": row(
    "x: number, kind: 'a' | 'b' | 'c'",
    "switch (kind) { case 'a': return x; case 'b': case 'c': { return 2 * x; } }",
    [2, "a"],
    [2, "c"],
  ),
  "members of unions that are made here": {
    ...row(
      "x: number, ok: boolean",
      "const s: Shape = { kind: 'disc', r: x }; let t: Shape = { kind: 'disc', r: 2 * x }; if (x > 1) t = { kind: 'box', w: x, h: 3 }; const u: Shape = ok ? { kind: 'box', w: 1, h: x } : s; const list: Shape[] = [{ kind: 'disc', r: 1 }, { kind: 'box', w: x, h: x }, t]; let a = s.kind === 'disc' ? s.r : s.w; a += area(t) + area(u); for (const one of list) a = a * 2 + area(one); if (t.kind === 'disc' && t.r > 1) return a; if ('w' in t && t.w > 1.5) return a + t.w; const r = root(x), q = root(-x); a += list.reduce((sum, one) => sum + area(one), 0) + (r.ok ? r.value : 7) + (q.ok === true ? q.value : q.why === 'negative' ? 11 : 13); return t.kind === 'disc' ? t.r : t.w;",
      [2, true],
      [1.25, false],
      [0.5, true],
    ),
    outside:
      "type Shape = { kind: 'disc'; r: number } | { kind: 'box'; w: number; h: number }; function area(s: Shape): number { switch (s.kind) { case 'disc': return Math.PI * s.r ** 2; case 'box': return s.w * s.h; } } type Root = { ok: true; value: number } | { ok: false; why: 'negative' | 'zero' }; function root(x: number): Root { if (x < 0) return { ok: false, why: 'negative' }; if (x === 0) return { ok: false, why: 'zero' }; return { ok: true, value: Math.sqrt(x) }; }",
  },
  "members of a union in a literal list, beside stores to another array": {
    ...row(
      "x: number, n: number",
      "const z = new Float64Array(2); for (let i = 0; i < n; i++) z[i] = x; const list: Shape[] = [{ kind: 'box', w: x, h: 2 }, { kind: 'disc', r: 3 * x }]; const first = list[0]!; let a = z[0]!; switch (first.kind) { case 'disc': a += first.r ** 2; break; case 'box': a += first.w * first.h; } const second = list[1]!; const own: Shape = { kind: 'disc', r: x + 1 }; a += own.kind === 'box' ? own.w : own.r; return second.kind === 'box' ? second.w : a * second.r;",
      [2, 2],
      [0.5, 1],
    ),
    outside: "type Shape = { kind: 'disc'; r: number } | { kind: 'box'; w: number; h: number };",
  },
  "members of unions that are given": {
    ...row(
      "s: Shape, k: Kind, order: 1 | 2 | 3, name: keyof Point, p: Point, mode: Mode, ops: Op[]",
      "let y = 1; for (const o of ops) { switch (o.op) { case 'add': y += o.v; break; case 'scale': y *= o.by; break; case 'pow': y **= o.p.e; } } if (s.kind === 'disc' && s.r > 1) return y + s.r; if (s.kind === 'box' && s.w > s.h) return y - s.w; y += p[name] + (mode === 'sq' ? 10 : 20); const powers = (x: number, n: 1 | 2 | 3) => { switch (n) { case 1: return x; case 2: return x * x; case 3: return x ** 3; } }; switch (k) { case Kind.Low: return powers(y, order); case Kind.High: return -powers(y, order); }",
      [{ kind: "disc", r: 2 }, 0, 1, "a", { a: 1, b: 2 }, "sq", []],
      [{ kind: "disc", r: 0.5 }, 1, 2, "b", { a: 1, b: 2 }, "id", [{ op: "add", v: 2 }]],
      [
        { kind: "box", w: 1, h: 2 },
        0,
        3,
        "b",
        { a: 1, b: 2 },
        "sq",
        [
          { op: "scale", by: 3 },
          { op: "pow", p: { e: 2 } },
        ],
      ],
      [{ kind: "box", w: 3, h: 2 }, 1, 3, "b", { a: 1, b: 2 }, "sq", []],
    ),
    outside:
      "type Shape = { kind: 'disc'; r: number } | { kind: 'box'; w: number; h: number }; enum Kind { Low, High } type Point = { a: number; b: number }; const Mode = { Square: 'sq', Same: 'id' } as const; type Mode = (typeof Mode)[keyof typeof Mode]; type Op = { op: 'add'; v: number } | { op: 'scale'; by: number } | { op: 'pow'; p: { e: number } };",
  },
  "discriminated unions": {
    ...row(
      "shape: Shape, shapes: Shape[]",
      "let s = area(shape); for (const one of shapes) s += area(one); const own: Shape = { kind: 'circle', r: 2 }; return s + area(own) + area({ kind: 'box', w: 2, h: s });",
      [
        { kind: "circle", r: 2 },
        [
          { kind: "box", w: 2, h: 3 },
          { kind: "circle", r: 1 },
        ],
      ],
      [{ kind: "box", w: 2, h: 3 }, []],
    ),
    outside:
      "type Shape = { kind: 'circle'; r: number } | { kind: 'box'; w: number; h: number }; function area(s: Shape): number { if (s.kind === 'circle') return s.r ** 2; return s.w * s.h; }",
  },
};

const groups = { expressions, control, arrays, makers, texts, searches, growing, objects, outside };

function close(actual: unknown, expected: unknown): void {
  if (typeof expected === "number" && typeof actual === "number") {
    // hypot, pow and similar functions differ in their last bits; everything else is equal
    if (!Object.is(actual, expected) && !(Math.abs(actual - expected) <= 1e-14 * Math.abs(expected)))
      expect(actual).toBe(expected);
  } else if (Array.isArray(expected)) {
    expect(actual).toHaveLength(expected.length);
    for (const [i, item] of expected.entries()) close((actual as unknown[])[i], item);
  } else expect(actual).toEqual(expected);
}

for (const [group, rows] of Object.entries(groups)) {
  describe(`accepted: ${group}`, () => {
    test.each(Object.entries(rows))(
      "%s",
      (_, { params, outside: around = "", returns = "", body, calls }) => {
        const text = `${around}\nexport function f(${params})${returns} {\n"use ad";\n${body}\n}`;
        for (const args of calls) {
          const { form, actual, expected } = runBothWays(text, args, { name: "f" });
          checkRegion(form.region, scalarFunctions);
          close(actual, expected);
        }
      },
    );
  });
}
