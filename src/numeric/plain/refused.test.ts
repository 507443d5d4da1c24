import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { moduleFrom } from "../../../test/support/plain-agreement.ts";
import { elaborate } from "./elaborate/elaborate.ts";
import { markedFunctions } from "./syntax/module.ts";
import { PlainError } from "./syntax/refuse.ts";

/** Refused function: its parameters and body, and the code around it. */
type Row = readonly [params: string, body: string, around?: string];

const rows: Readonly<Record<string, Row>> = {
  "a parameter of type any": ["x: any", "return x;"],
  "a variable of type any": ["x: number", "let y: any = x; return y;"],
  "as any": ["x: number", "return x as any;"],
  "a parameter without a type": ["x", "return x;"],
  "a string as a parameter": ["x: number, mode: string", "return x;"],
  "a field that may be any string": ["p: { name: string; m: number }", "return p.name === 'a' ? p.m : 1;"],
  "a field that may be any string, of a copy": [
    "p: { name: string; m: number }",
    "const q = { ...p, m: 2 }; return q.name === 'a' ? p.m : 1;",
  ],
  "a pattern with a field that may be any string": [
    "ps: { name: string; m: number }[]",
    "let s = 0; for (const { name, m } of ps) s += name === 'a' ? m : 1; return s;",
  ],
  "a test for a field that may be any string": [
    "p: { name?: string; m: number }",
    "return 'name' in { ...p } ? p.m : 1;",
  ],
  "objects whose field may be any string, and one of two strings": [
    "p: { name: string; m: number }, q: { name: 'a' | 'b'; m: number }",
    "let s = 0; for (const r of [{ ...p }, { ...q }]) s += r.name === 'a' ? r.m : 1; return s;",
  ],
  "a string in arithmetic": ["x: number, mode: 'a' | 'b'", "return x + mode;"],
  "a string compared with a number": ["x: number, mode: 'a' | 'b'", "return x === mode ? 1 : 2;"],
  "a switch that lacks a case": [
    "x: number, mode: 'a' | 'b' | 'c'",
    "switch (mode) { case 'a': return x; case 'b': return 2 * x; }",
  ],
  "a field by a name among arrays": ["p: { a: number; w: number[] }, k: 'a' | 'w'", "return p[k];"],
  "a template": ["x: number", "const s = `${x}`; return x;"],
  "undefined as the result": ["x: number", "const y = x > 0 ? x : undefined; return y;"],
  "undefined in a variable of numbers": ["x: number, k?: number", "let y = x; y = k; return y;"],
  "a number compared with an object": ["x?: number, p?: { a: number }", "return x === p ? 1 : 0;"],
  "null or undefined by ===": ["x: number | null | undefined", "return x === null ? 1 : 2;"],
  "null in a variable of numbers": ["x: number, k: number | null", "let y = x; y = k; return y;"],
  in: ["p: { a?: number }", "return 'a' in p ? 1 : 2;"],
  "in by a name, of a field that may be absent": [
    "p: { a: number; b?: number }, k: 'a' | 'b'",
    "return k in p ? p[k] ?? 0 : 1;",
  ],
  "a Map of the module": ["x: number", "return x * m.get('a')!;", "const m = new Map([['a', 2]]);"],
  "a Set in a function": ["x: number", "const s = new Set([1, 2]); return s.has(1) ? x : 1;"],
  "an instance of a class with state": [
    "x: number",
    "return s.energy(x);",
    "class Spring { constructor(readonly k: number) {} energy(x: number) { return this.k * x * x; } } const s = new Spring(2);",
  ],
  "a list of instances of a class with state": [
    "x: number",
    "let e = 0; for (const s of springs) e += s.k * x; return e;",
    "class Spring { constructor(readonly k: number) {} } const springs = [new Spring(2), new Spring(3)];",
  ],
  "an object of a namespace": [
    "x: number",
    "return x * Const.table.a;",
    "namespace Const { export const table = { a: 1 }; }",
  ],
  "Object.keys": [
    "p: { a: number; b: number }",
    "let s = 0; for (const k of Object.keys(p)) s += p[k]; return s;",
  ],
  "Object.values": ["p: { a: number; w: number[] }", "return Object.values(p)[0];"],
  "Object.entries": [
    "p: { a: number }",
    "let s = 0; for (const [k, v] of Object.entries(p)) s += v; return s;",
  ],
  "for in of an object": [
    "p: { a: number; b: number }",
    "let s = 0; for (const k in p) s += p[k]; return s;",
  ],
  "a Record of any names": ["p: Record<string, number>", "return p.a;"],
  "an index signature": ["p: { [name: string]: number }", "return p.a;"],
  null: ["x: number", "const y = null; return x * y;"],
  recursion: [
    "n: number",
    "return fact(n);",
    "function fact(n: number): number { return n <= 1 ? 1 : n * fact(n - 1); }",
  ],
  "recursion of the function itself": ["n: number", "return n <= 0 ? 1 : f(n - 1);"],
  "push in a loop that may go on": [
    "x: number",
    "const y: number[] = []; let z = x; while (z > 1) { z /= 2; y.push(z); } return y[0];",
  ],
  "push to a parameter": ["x: number[]", "x.push(1); return x[0];"],
  "push to a parameter of a helper": [
    "x: number",
    "const y: number[] = []; add(y, x); return y[0];",
    "function add(list: number[], v: number) { list.push(v); }",
  ],
  "push to a field": ["x: number[]", "const s = { y: [1] }; for (const v of x) s.y.push(v); return s.y[0];"],
  "push to an array that is replaced": [
    "x: number[]",
    "let y: number[] = []; for (const v of x) { y.push(v); if (v > 1) y = []; } return y.length;",
  ],
  "an array that is returned while it is filled": [
    "x: number[]",
    "const y: number[] = []; for (const v of x) { y.push(v); if (v > 1) return y; } return y;",
  ],
  "an array that is read before its first push": [
    "x: number[]",
    "const y = []; for (const v of x) { const z = y[0]; y.push(v); } return y.length;",
  ],
  "rows of different lengths by push": [
    "n: number",
    "const m: number[][] = []; for (let i = 0; i < n; i++) { const r: number[] = []; for (let j = 0; j < i; j++) r.push(j); m.push(r); } return m.length;",
  ],
  "push into the array over which a loop goes": [
    "x: number[]",
    "const y = x.slice(); for (const v of y) y.push(v); return y.length;",
  ],
  try: ["x: number", "try { return x; } catch { return 0; }"],
  await: ["x: number", "return await x;", ""],
  "an async helper": ["x: number", "return g(x);", "async function g(x: number) { return x; }"],
  generators: ["x: number", "return g(x);", "function* g(x: number) { yield x; }"],
  "logical assignment of an element": ["x: number", "const a = [x]; a[0] ||= 2; return a[0];"],
  "bits of a boolean": ["x: number", "return (x > 1) & 1;"],
  "a name above its declaration": ["x: number", "const y = k * x; const k = 2; return y * k;"],
  "Math.random": ["x: number", "return x * Math.random();"],
  "Date.now": ["x: number", "return x * Date.now();"],
  "functions of Math without a derivative": ["x: number", "return Math.clz32(x);"],
  "writing to a parameter": ["x: Float64Array", "x[0] = 1; return x[0];"],
  "writing to a matrix that is a parameter": ["x: number[][]", "x[0][1] += 1; return x[0][1];"],
  "writing to an alias of a parameter": ["x: number[]", "const y = x; y[0] = 1; return y[0];"],
  "writing to a field of a parameter": ["p: { a: number }", "p.a = 2; return p.a;"],
  "writing to an array in a parameter": ["p: { w: number[] }", "const { w } = p; w[0]++; return w[0];"],
  "writing to a parameter by fill": ["x: number[]", "x.fill(0); return x[0];"],
  "writing to a parameter in a helper": [
    "x: number[]",
    "clear(x); return x[0];",
    "function clear(y: number[]) { y[0] = 0; }",
  ],
  "writing to a variable that is the parameter at times": [
    "x: number[]",
    "let y = x; if (x[0] > 1) y = x.slice(); y[0] = 5; return y[0];",
  ],
  "a row of a parameter in a new list": [
    "x: number[][]",
    "const y = x.slice(); y[0][0] = 1; return y[0][0];",
  ],
  "a second name of an array that is written to": [
    "x: number[]",
    "const y = x.slice(), z = x.slice(); const w = x[0] > 1 ? y : z; w[0] = 2; return y[0] + z[0];",
  ],
  "an array that another name refers to": [
    "n: number",
    "let a = new Float64Array(n); const b = a; a = new Float64Array(n); a[0] = 1; return b[0];",
  ],
  "exchanging with an alias": [
    "n: number",
    "let a = new Float64Array(n), b = new Float64Array(n); const c = a; [a, b] = [b, a]; return c[0];",
  ],
  "exchanging arrays of other lengths": [
    "n: number",
    "let a = new Float64Array(n), b = new Float64Array(n + 1); [a, b] = [b, a]; return a[0];",
  ],
  "a row that is replaced behind an alias": [
    "n: number",
    "const m = [[1, 2], [3, 4]]; const r = m[n]; m[n] = [5, 6]; return r[0];",
  ],
  "an array that stays in use": [
    "n: number",
    "let a = new Float64Array(n); const b = new Float64Array(n); a = b; b[0] = 1; return a[0];",
  ],
  "an array out of an iteration": [
    "n: number",
    "let a = new Float64Array(n); let s = 0; for (let i = 0; i < n; i++) { const b = new Float64Array(n); a = b; b[0] = i; s += a[0]; } return s;",
  ],
  "assigning to a constant": ["x: number", "const y = x; y = 2; return y;"],
  "assigning to what is outside": ["x: number", "count += 1; return x;", "let count = 0;"],
  "a function that is returned on one of two ways": [
    "x: number",
    "const g = make(x); return g(2);",
    "function make(k: number) { if (k > 1) return (t: number) => k * t; return (t: number) => t; }",
  ],
  "a function that refers to an array that is replaced": [
    "x: number[]",
    "let a = x.slice(); const g = at(a); a = x.map((v) => -v); return g(0);",
    "function at(b: number[]) { return (i: number) => b[i]; }",
  ],
  "a member of a class that is not static": [
    "x: number",
    "return Maths.square(x);",
    "class Maths { square(x: number) { return x * x; } }",
  ],
  "a static member that another one changes": [
    "x: number",
    "return x * Maths.K;",
    "class Maths { static K = 2; }",
  ],
  "a function that is exchanged": [
    "x: number",
    "let g = (t: number) => t; if (x > 0) g = (t: number) => 2 * t; return g(x);",
  ],
  "a function as a result": ["x: number", "return (t: number) => t * x;"],
  "no result": ["x: number", "let y = x;"],
  "a way without a result": ["x: number", "if (x > 0) return x;"],
  "console.log": ["x: number", "console.log(x); return x;"],
  "an unknown function": ["x: number", "return foo(x);"],
  "a helper that cannot be followed": ["x: number", "return g(x);", "import { g } from 'elsewhere';"],
  "a captured value of an unknown kind": ["x: number", "return x * k;", "const k = JSON.parse('1');"],
  "a class": ["x: number", "return new Point(x).x;", "class Point { constructor(public x: number) {} }"],
  this: ["x: number", "return x * this.k;"],
  "optional chaining of a call": ["x: number", "const g = (y: number) => y; return g?.(x);"],
  "an optional field as the result": ["p: { a?: number }", "return p.a;"],
  "an optional item of a tuple": ["p: [x: number, y?: number]", "return p[0];"],
  "a default that uses a later parameter": ["x = y, y: number = 2", "return x;"],
  "rest parameters": ["...x: number[]", "return x[0];"],
  "a field that is not there": ["p: { a: number }", "return p.b;"],
  "a tuple's item that is not there": ["p: [number, number]", "return p[2];"],
  "new Array without elements": ["n: number", "const a = new Array(n); a[0] = 1; return a[0];"],
  "other typed arrays": ["n: number", "const a = new Uint8Array(n); return a[0];"],
  "a copy of bytes": ["n: number, b: Uint8Array", "return n * b.slice(1)[0]!;"],
  "a write to bytes": ["n: number, b: Uint8Array", "b[0] = 1; return n * b[0]!;"],
  "bytes in another order": ["n: number, b: Uint8Array", "b.reverse(); return n * b[0]!;"],
  "a type that is none of numbers": ["x: Map<string, number>", "return 1;"],
  "a type that contains itself": [
    "x: Tree",
    "return x.value;",
    "interface Tree { value: number; next: Tree }",
  ],
  "sort without a function": ["x: number[]", "const y = x.slice(); y.sort(); return y[0];"],
  "sort without a function of a typed array that was spread": ["x: Float64Array", "return [...x].sort()[0];"],
  "sort by a boolean": ["x: number[]", "const y = x.toSorted((a, b) => a > b); return y[0];"],
  "sort of a parameter": ["x: number[]", "x.sort((a, b) => a - b); return x[0];"],
  "reverse of a parameter": ["x: number[]", "x.reverse(); return x[0];"],
  "sort of a tuple": ["t: [number, number]", "return t.sort((a, b) => a - b)[0];"],
  "rows in order behind an alias": [
    "x: number[][]",
    "const m = x.map((r) => r.slice()); const r = m[0]; m.sort((a, b) => a[0] - b[0]); return r[0] + m[0][0];",
  ],
  "flat of two levels": ["x: number[][]", "return x.flat(2)[0];"],
  "flat of numbers": ["x: number[]", "return x.flat()[0];"],
  "flat of typed arrays": ["x: number[]", "return [Float64Array.from(x)].flat()[0];"],
  "concat of typed arrays": ["x: number[]", "return x.concat(Float64Array.from(x))[0];"],
  "subarray of an array of numbers": ["x: number[]", "return x.subarray(1)[0];"],
  "writing to a part of a typed array": [
    "x: number[]",
    "const a = Float64Array.from(x); const b = a.subarray(1); b[0] = 2; return a[1];",
  ],
  "an object that is searched for": ["x: { a: number }[]", "return x.indexOf(x[0]);"],
  "a boolean that is searched for among numbers": ["x: number[]", "return x.indexOf(x[0] > 1);"],
  "lastIndexOf from an index": ["x: number[]", "return x.lastIndexOf(2, 1);"],
  "a found item that may be missing": ["x: number[]", "return x.find((v) => v > 1);"],
  "a return without a value beside one with": ["x: number", "if (x > 0) return x; return;"],
  "a parameter that is replaced and written to": [
    "x: number[]",
    "x = x.map((v) => v * 2); x[0] = 1; return x[1];",
  ],
  "writing to an empty array": ["x: number", "const a: number[] = []; a[0] = x; return a[0];"],
  "var declared again in a block": ["x: number", "var a = x; if (x > 1) { var a = 2; } return a;"],
  "var used behind its block": ["x: number", "for (var i = 0; i < 3; i++) x += i; return i;", "const i = 7;"],
  "var that keeps its value": [
    "x: number",
    "let s = 0; for (let i = 0; i < 4; i++) { var t; if (i === 1) t = x; if (i > 1) s += t; } return s;",
  ],
  "arrays in a tuple by a place that is not known": [
    "x: number[]",
    "const t: [number[], number[]] = [x, x]; let s = 0; for (let k = 0; k < 2; k++) s += t[k][0]; return s;",
  ],
  "writing to an item of a tuple that is a parameter": ["t: [number, number]", "t[0] = 1; return t[1];"],
  "a tuple in a tuple that is replaced behind an alias": [
    "x: number",
    "const t: [[number, number], [number, number]] = [[x, 1], [2, x]]; let s = 0; for (let k = 0; k < 2; k++) { const c = t[0]; t[k] = [x, 9]; s += c[0]; } return s;",
  ],
  "a total that another name sees change": [
    "x: number[]",
    "const z = [1, 2]; const r = x.reduce((a, v, i) => { a[i % 2] += v; return a; }, z); return z[0] * r[1];",
  ],
  "an array that is declared before it is made": [
    "x: number[]",
    "let y: number[]; if (x[0] > 0) y = x.slice(); else y = x.map((v) => -v); return y[0];",
  ],
  "Array(n) without elements": ["n: number", "const a = Array(n); return a.length;"],
  "for in": ["x: number[]", "let s = 0; for (const i in x) s += x[i]; return s;"],
  "rows of different lengths": [
    "n: number",
    "const m = Array.from({ length: n }, (_, i) => new Array<number>(i).fill(1)); return m[0].length;",
  ],
  "a length that is not known before the branch": [
    "x: number[]",
    "let n = 0; for (const v of x) if (v > 0) n++; const y = n > 1 ? x.slice(0, n) : x.slice(1); return y[0];",
  ],
  "? : of an array and a number": ["x: number[]", "const y = x[0] > 0 ? x : 1; return x[0];"],
  "a number used as an array": ["x: number", "return x[0];"],
  "an array used as a number": ["x: number[]", "return x * 2;"],
  "a boolean in arithmetic": ["x: number", "return x * (x > 1);"],
  "a boolean compared with a number": ["x: number", "return (x > 1) === x ? 1 : 0;"],
  "a variable of two kinds": ["x: number", "let y = x; y = x > 1; return y;"],
  "throwing what is no error": ["x: number", "if (x < 0) throw x; return x;"],
  "a missing argument": ["x: number", "return g(x);", "function g(a: number, b: number) { return a + b; }"],
  "a method of a number": ["x: number", "return Number(x.toFixed(2));"],
  "an async function": ["x: number", "return x;"],
};

test.each(Object.entries(rows))("refused: %s", (what, [params, body, around = ""]) => {
  const head = what === "an async function" || what === "await" ? "async function" : "function";
  const text = `${around}${around && "\n"}${head} f(${params}) {\n  "use ad";\n  ${body}\n}\n`;
  let message = "accepted";
  try {
    elaborate(moduleFrom(text), "f");
  } catch (error) {
    if (!(error instanceof PlainError)) throw error;
    message = error.message;
  }
  expect(message).not.toBe("accepted");
  expect(`\n${message}\n`).toMatchSnapshot();
});

const page = readFileSync(new URL("../../../docs/plain.md", import.meta.url), "utf8");
const documented = [...page.matchAll(/^\| `([^`]+)`\s*\| (.*\S)\s*\|$/gm)].map(
  ([, code, message]) =>
    [code!, message!.replaceAll("\\|", "|").replaceAll("\\*", "*").replaceAll("&lt;", "<")] as const,
);

test("the page lists refusals", () => {
  expect(documented.length).toBeGreaterThan(15);
});

test.each(documented)("the page says what is said of %s", (code, message) => {
  const text = `function f(x: number, xs: number[], p: { a: number }, n: number) {\n  "use ad";\n  ${code}\n  return x;\n}`;
  expect(() => elaborate(moduleFrom(text), "f")).toThrow(message);
});

/** Refused programs: the program, the advice of its message, and the program with the advice followed. */
const advice: Readonly<Record<string, readonly [program: string, shown: string, followed: string]>> = {
  "Object.keys": [
    'export function f(p: { a: number; b: number }): number {\n  "use ad";\n  let s = 0;\n  for (const k of Object.keys(p)) s += p[k] ** 2;\n  return s;\n}',
    "for (const x of [p.a, p.b])",
    'export function f(p: { a: number; b: number }): number { "use ad"; let s = 0; for (const x of [p.a, p.b]) s += x ** 2; return s; }',
  ],
  "Object.values": [
    'export function f(p: { a: number; b: number }): number {\n  "use ad";\n  return Object.values(p).reduce((s, x) => s + x, 0);\n}',
    "[p.a, p.b]",
    'export function f(p: { a: number; b: number }): number { "use ad"; return [p.a, p.b].reduce((s, x) => s + x, 0); }',
  ],
  "for in over an array": [
    'export function f(xs: number[]): number {\n  "use ad";\n  let s = 0;\n  for (const i in xs) s += xs[i];\n  return s;\n}',
    "for (let i = 0; i < xs.length; i++)",
    'export function f(xs: number[]): number { "use ad"; let s = 0; for (let i = 0; i < xs.length; i++) s += xs[i]; return s; }',
  ],
  "a default that uses a later parameter": [
    'export function f(x: number = y, y: number = 2): number { "use ad"; return x * y; }',
    "Move y to the front.",
    'export function f(y: number = 2, x: number = y): number { "use ad"; return x * y; }',
  ],
  Record: [
    'export function f(p: Record<string, number>): number { "use ad"; return p.a * p.b; }',
    "{ a: number; b: number }",
    'export function f(p: { a: number; b: number }): number { "use ad"; return p.a * p.b; }',
  ],
  "Record, as an array": [
    'export function f(p: Record<string, number>): number { "use ad"; return p["a"] * p["b"]; }',
    "const a = 0, b = 1; x[a]",
    'const a = 0, b = 1; export function f(x: number[]): number { "use ad"; return x[a] * x[b]; }',
  ],
  "a marked method": [
    'export class Model {\n  k = 2;\n  loss(x: number): number {\n    "use ad";\n    return this.k * x;\n  }\n}',
    'function loss(x: number) { "use ad"; … }',
    'export function loss(x: number, k: number) { "use ad"; return k * x; }',
  ],
  "a string of any kind": [
    "export function f(x: number, kind: string): number { \"use ad\"; return kind === 'relu' ? Math.max(x, 0) : Math.tanh(x); }",
    'kind: "up" | "down"',
    "export function f(x: number, kind: 'relu' | 'tanh'): number { \"use ad\"; return kind === 'relu' ? Math.max(x, 0) : Math.tanh(x); }",
  ],
  "a string as the result": [
    "export function f(x: number): number { \"use ad\"; return x > 0 ? 'up' : 'down'; }",
    'kind === "up" ? 1 : 0',
    "export function f(x: number): number { \"use ad\"; const kind = x > 0 ? 'up' : 'down'; return kind === 'up' ? 1 : 0; }",
  ],
  "push in a while loop": [
    'export function f(x: number): number { "use ad"; const ys: number[] = []; while (x > 1) { x /= 2; ys.push(x); } return ys[0]; }',
    "new Float64Array(n), count with a variable, ys[count++] = v, and take ys.slice(0, count)",
    'export function f(x: number): number { "use ad"; const ys = new Float64Array(100); let count = 0; while (x > 1) { x /= 2; ys[count++] = x; } return ys.slice(0, count)[0]; }',
  ],
  "push to a field": [
    'export function f(xs: number[]): number { "use ad"; const s = { ys: [1] }; for (const x of xs) s.ys.push(x); return s.ys[0]; }',
    "const ys: number[] = []",
    'export function f(xs: number[]): number { "use ad"; const ys: number[] = []; for (const x of xs) ys.push(x); const s = { ys }; return s.ys[0]; }',
  ],
  "an array that is returned while it is filled": [
    'export function f(xs: number[]): number[] { "use ad"; const ys: number[] = []; for (const x of xs) { ys.push(x); if (x > 1) return ys; } return ys; }',
    "leave the loop by break",
    'export function f(xs: number[]): number[] { "use ad"; const ys: number[] = []; for (const x of xs) { ys.push(x); if (x > 1) break; } return ys; }',
  ],
  "a static member that may be assigned to": [
    'class Maths { static K = 2; } export function f(x: number): number { "use ad"; return x * Maths.K; }',
    "static readonly K",
    'class Maths { static readonly K = 2; } export function f(x: number): number { "use ad"; return x * Maths.K; }',
  ],
  "a function that is returned on one of two ways": [
    'const g = (k: number) => { if (k > 1) return (t: number) => k * t; return (t: number) => t; }; export function f(x: number): number { "use ad"; return g(x)(2); }',
    "return it at the end, and choose inside of it",
    'const g = (k: number) => { return (t: number) => { if (k > 1) return k * t; return t; }; }; export function f(x: number): number { "use ad"; return g(x)(2); }',
  ],
  "sort without a function": [
    'export function f(xs: number[]): number { "use ad"; return xs.toSorted()[0]; }',
    "sort((a, b) => a - b)",
    'export function f(xs: number[]): number { "use ad"; return xs.toSorted((a, b) => a - b)[0]; }',
  ],
  "sort of a parameter": [
    'export function f(xs: number[]): number { "use ad"; return xs.sort((a, b) => a - b)[0]; }',
    "const copy = xs.slice();",
    'export function f(xs: number[]): number { "use ad"; const copy = xs.slice(); return copy.sort((a, b) => a - b)[0]; }',
  ],
  "a map": [
    'export function f(x: number, terms: Map<number, number>): number { "use ad"; let s = 0; for (const [power, c] of terms) s += c * x ** power; return s; }',
    "(terms: [number, number][])",
    'export function f(x: number, terms: [number, number][]): number { "use ad"; let s = 0; for (const [power, c] of terms) s += c * x ** power; return s; }',
  ],
  "lists of unequal lengths": [
    'export function f(xs: number[]): number { "use ad"; return xs.flatMap((x) => (x > 0 ? [x] : []))[0]; }',
    "const ys: number[] = []; for (const x of xs) if (x > 0) ys.push(x);",
    'export function f(xs: number[]): number { "use ad"; const ys: number[] = []; for (const x of xs) if (x > 0) ys.push(x); return ys[0]; }',
  ],
  "a search for an object": [
    'export function f(xs: { a: number }[], a: number): number { "use ad"; return xs.indexOf({ a }); }',
    "x.findIndex((item) => item.a === a)",
    'export function f(xs: { a: number }[], a: number): number { "use ad"; return xs.findIndex((item) => item.a === a); }',
  ],
  "a field that may be any string": [
    "export function f(p: { name: string; m: number }): number { \"use ad\"; return p.name === 'up' ? p.m : 1; }",
    'name: "up" | "down"',
    "export function f(p: { name: 'up' | 'down'; m: number }): number { \"use ad\"; return p.name === 'up' ? p.m : 1; }",
  ],
  "a Map of the module": [
    "const m = new Map([['a', 2], ['b', 3]]); export function f(x: number, k: 'a' | 'b'): number { \"use ad\"; return x * m.get(k)!; }",
    "const table = { a: 1, b: 2 }",
    "const m = { a: 2, b: 3 }; export function f(x: number, k: 'a' | 'b'): number { \"use ad\"; return x * m[k]; }",
  ],
  "in by a name": [
    "export function f(p: { a?: number; b: number }, k: 'a' | 'b'): number { \"use ad\"; return k in p ? 1 : 2; }",
    "p[k] !== undefined",
    "export function f(p: { a?: number; b: number }, k: 'a' | 'b'): number { \"use ad\"; return p[k] !== undefined ? 1 : 2; }",
  ],
  "an object of a namespace": [
    'namespace C { export const t = { a: 1 }; } export function f(x: number): number { "use ad"; return x * C.t.a; }',
    "{ a: 1 } as const",
    'namespace C { export const t = { a: 1 } as const; } export function f(x: number): number { "use ad"; return x * C.t.a; }',
  ],
  "an optional result": [
    'export function f(x?: number) { "use ad"; return x; }',
    "x ?? 0",
    'export function f(x?: number) { "use ad"; return x ?? 0; }',
  ],
  in: [
    "export function f(p: { a?: number }): number { \"use ad\"; return 'a' in p ? 1 : 2; }",
    "p.a !== undefined",
    'export function f(p: { a?: number }): number { "use ad"; return p.a !== undefined ? 1 : 2; }',
  ],
};

test.each(Object.entries(advice))("the advice for %s can be followed", (_, [program, shown, followed]) => {
  const elaborated = (text: string): unknown => {
    const module = moduleFrom(text);
    return elaborate(module, markedFunctions(module.program)[0]);
  };
  let error: unknown;
  try {
    elaborated(program);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(PlainError);
  const { message } = error as PlainError;
  expect(message).toContain(shown);
  expect(message).toMatch(/^example\.ts:\d+:\d+: .*\n.*\n *\^$/s);
  expect(elaborated(followed)).toHaveProperty("region");
});
