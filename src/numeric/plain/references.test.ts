import { expect, test } from "vitest";
import { extent } from "../../../test/support/extent.ts";
import { bothWays, runBothWays } from "../../../test/support/plain-agreement.ts";
import { randomReferences } from "../../../test/support/random-references.ts";
import { PlainError } from "./syntax/refuse.ts";

// JavaScript has references, a region has none. Each of these programs could expose the difference; it computes the
// result of JavaScript or is refused.

const programs: readonly string[] = [
  "let a = x.slice(); let b = a; b[0] = 9; return a[0];",
  "let a = x.slice(); let b = a; a = x.map((v) => v * 2); b[0] = 9; return a[0] + b[0];",
  "let a = x.slice(); const b = a; a = x.map((v) => v * 2); return a[0] + b[0];",
  "let a = x.slice(), b = x.slice(); a = b; a[0] = 5; return b[0];",
  "let a = x.slice(), b = x.map((v) => v + 1); a = b; b = x.slice(); b[0] = 5; return a[0] + 10 * b[0];",
  "let a = x.slice(), b = x.map((v) => v + 1), c = x.map((v) => v + 2); [a, b] = [b, c]; return a[0] + 10 * b[0] + 100 * c[0];",
  "let a = x.slice(), b = x.map((v) => v + 1), c = x.map((v) => v + 2); [a, b] = [c, a]; return a[0] + 10 * b[0] + 100 * c[0];",
  "let a = x.slice(), b = x.map((v) => v + 1), c = x.map((v) => v + 2); [a, b] = [c, a]; a[0] = 70; return a[0] + 10 * b[0] + 100 * c[0];",
  "let a = x.slice(), b = x.map((v) => v + 1), c = x.map((v) => v + 2); [a, b, c] = [b, c, a]; return a[0] + 10 * b[0] + 100 * c[0];",
  "let a = x.slice(), b = x.map((v) => v + 1); for (let i = 0; i < 3; i++) { const t = a; a = b; b = t; a[0] += 1; } return a[0] + 10 * b[0];",
  "let a = x.slice(), b = x.map((v) => v + 1); const t = a; a = b; b = t; t[0] = 40; return a[0] + 10 * b[0];",
  "let a = x.slice(); for (let i = 0; i < 3; i++) { const n = a.map((v) => v + 1); a = n; } return a[0];",
  "let a = x.slice(); for (let i = 0; i < 3; i++) { const n = a.map((v) => v + 1); a = n; n[0] = 7; } return a[0];",
  "let a = x.slice(); let n = x.slice(); for (let i = 0; i < 3; i++) { for (let j = 0; j < 2; j++) n[j] = a[j] + j; a = n; } return a[1];",
  "let a = x.slice(); let n = x.slice(); for (let i = 0; i < 3; i++) { for (let j = 0; j < 2; j++) n[j] = a[j] + j; a = n; n = x.slice(); } return a[1];",
  "const m = [x.slice(), x.slice()]; m[0] = m[1]; m[1][0] = 9; return m[0][0];",
  "const r = x.slice(); const m = [r, r]; m[0][0] = 9; return m[1][0] + r[0];",
  "const r = x.slice(); const m = [r, x.slice()]; r[0] = 9; return m[0][0];",
  "const r = x.slice(); const m = [r, x.slice()]; return m[k][0] + r[0];",
  "const r = x.slice(); const m = [r, x.slice()]; r[0] = 9; return m[k][0];",
  "const m = Array.from({ length: 2 }, () => x); return m[k][0];",
  "const r = x.slice(); const m = Array.from({ length: 2 }, () => r); r[0] = 5; return m[k][0];",
  "const m = new Array<number[]>(2).fill(x.slice()); return m[0][0];",
  "const p = { u: 1, v: x.slice() }; const q = p; q.u = 5; q.v[0] = 7; return p.u + p.v[0];",
  "let p = { u: 1 }; const q = p; p = { u: 2 }; return q.u + 10 * p.u;",
  "let p = { u: 1 }; let q = p; q.u = 3; return p.u;",
  "let p = { u: 1 }; let q = p; q = { u: 4 }; q.u += 1; return p.u + 10 * q.u;",
  "const p = { u: 1, w: { z: 2 } }; const q = { ...p }; q.u = 5; q.w.z = 7; return p.u + p.w.z;",
  "const p = { u: 1, w: { z: 2 } }; const w = p.w; p.w = { z: 9 }; return w.z + 10 * p.w.z;",
  "const p = { u: 1, w: { z: 2 } }; const w = p.w; w.z = 9; return p.w.z;",
  "const a = { u: 1 }, b = { u: 2 }; const c = x[0] > 0 ? a : b; c.u = 9; return a.u + 10 * b.u;",
  "const a = { u: 1 }, b = { u: 2 }; const c = x[0] > 0 ? a : b; a.u = 9; return c.u;",
  "const a = { u: 1 }, b = { u: 2 }; const c = x[0] > 0 ? a : b; return c.u;",
  "const ps = [{ u: 1 }, { u: 2 }]; const p = ps[k]; p.u = 9; return ps[0].u + ps[1].u;",
  "const ps = [{ u: 1 }, { u: 2 }]; const p = ps[k]; ps[k] = { u: 5 }; return p.u;",
  "const ps = [{ u: 1 }, { u: 2 }]; const p = ps[k]; const q = { ...p }; ps[k] = { u: 5 }; return q.u + ps[k].u;",
  "const ps = [{ u: 1 }, { u: 2 }]; const t = ps[0]; ps[0] = ps[1]; ps[1] = t; ps[0].u = 7; return ps[0].u + 10 * ps[1].u;",
  "const ps = [{ u: 1 }, { u: 2 }]; ps[0] = ps[1]; ps[1].u = 8; return ps[0].u;",
  "const ps = [{ u: 1 }, { u: 2 }]; for (const p of ps) p.u *= 3; return ps[0].u + ps[1].u;",
  "const m = [[1, 2], [3, 4]]; for (const r of m) { r[0] += 1; m[0][1] = 9; } return m[0][0] + m[1][0] + m[0][1];",
  "let a = x.slice(); for (const v of a) { a = a.map((u) => u + v); } return a[0];",
  "let a = x.slice(); const f1 = () => { a = a.map((u) => u + 1); return a[0]; }; return f1() + f1() * a[0];",
  "const a = x.slice(); const set = (b: number[], v: number) => { b[0] = v; return v; }; return a[0] + set(a, 5) + a[0];",
  "const a = x.slice(); let i = 0; const next = () => { i += 1; return i; }; a[i] = next() + a[i]; a[next() - 1] += next(); return a[0] + 10 * a[1] + i;",
  "const a = x.slice(); let i = 0; a[i] = (i = 1); return a[0] + 10 * a[1];",
  "const a = x.slice(); let i = 0; a[i] += (i = 1) + a[0]; return a[0] + 10 * a[1];",
  "const a = x.slice(); let i = 0; const r = [a, x.slice()]; r[i][(i = 1)] = i; return r[0][1] + r[1][1];",
  "let s = 1; const f1 = (v: number) => { s *= 2; return v + s; }; return s + f1(s) * f1(s) + s;",
  "let s = 1; const o = { a: s, b: (s = 3), c: s }; s = 5; return o.a + 10 * o.b + 100 * o.c;",
  "let s = 1; const t = [s, (s += 1), s]; s = 9; return t[0] + 10 * t[1] + 100 * t[2];",
  "let s = 1; const f1 = (u: number, v: number) => u + 10 * v; return f1(s, (s = 4)) + s;",
  "let s = 1; const get = () => ({ v: s }); const a = get(); s = 2; const b = get(); return a.v + 10 * b.v;",
  "let s = 1; const both = () => [s, s + 1] as const; const [u] = both(); s = 5; const [v, w] = both(); return u + 10 * v + 100 * w;",
  "const make = (n: number) => { const b = new Float64Array(2); b[0] = n; return b; }; const p = make(1), q = make(2); p[0] += 10; return p[0] + q[0];",
  "const id = (b: number[]) => b; const a = x.slice(); const b = id(a); b[0] = 6; return a[0];",
  "const id = (b: number[]) => b; let a = x.slice(); const b = id(a); a = x.map((v) => v + 1); return b[0];",
  "const pick = (c: boolean, u: number[], v: number[]) => { if (c) return u; return v; }; const a = x.slice(), b = x.slice(); pick(x[0] > 0, a, b)[0] = 8; return a[0] + b[0];",
  "const swap2 = (u: number[], v: number[]) => { const t = u; u = v; v = t; u[0] = 77; return 0; }; const a = x.slice(), b = x.map((v) => v + 1); swap2(a, b); return a[0] + 1000 * b[0];",
  "const grow = (p: { u: number }) => { p = { u: p.u + 1 }; p.u += 5; return p.u; }; const p = { u: 1 }; return grow(p) + 10 * p.u;",
  "const grow = (p: { u: number }) => { p.u += 1; return p; }; const p = { u: 1 }; const q = grow(p); q.u += 10; return p.u;",
  "const a = x.slice(); const b = a.fill(3); b[0] = 4; return a[0] + a[1];",
  "const st = { x: x.slice(), y: x.slice() }; [st.x, st.y] = [st.y, st.x]; st.x[0] = 4; return st.x[0] + 10 * st.y[0];",
  "const st = { x: x.slice(), n: 0 }; const old = st.x; st.x = st.x.map((v) => v + 1); return old[0] + 10 * st.x[0];",
  "let st = { x: x.slice(), n: 0 }; for (let i = 0; i < 3; i++) { const old = st; st = { x: old.x.map((v) => v + 1), n: old.n + 1 }; } return st.x[0] + st.n;",
  "let st = { x: x.slice(), n: 0 }; const first = st; for (let i = 0; i < 3; i++) { st = { x: st.x.map((v) => v + 1), n: st.n + 1 }; } return st.x[0] + first.x[0] * 10;",
  "let best = x; let value = 0; for (let i = 0; i < 3; i++) { const c = x.map((v) => v * (2 - i)); if (c[0] > value) { value = c[0]; best = c; } } return best[1] + value;",
  "let best = x.slice(); const c = x.slice(); for (let i = 0; i < 3; i++) { c[0] = c[0] * -2 + i; if (c[0] > best[0]) best = c; } return best[0];",
  "let best = x.slice(); const c = x.slice(); for (let i = 0; i < 3; i++) { c[0] = c[0] * -2 + i; if (c[0] > best[0]) best = c.slice(); } return best[0];",
  "let [u, v] = [x.slice(), x.map((q) => q + 1)]; [u, v] = [v, u]; u[0] = 50; return u[0] + v[0];",
  "const [u, v] = [x.slice(), x.map((q) => q + 1)]; u[0] = v[0]; return u[0] + v[0];",
  "const a = x.slice(); const v = { a, first: a[0] }; a[0] = 9; return v.a[0] + 10 * v.first;",
  "const a = x.slice(); const { length, [0]: first } = a; a[0] = 9; return length + first;",
  "let i = 0; const a = x.slice(); while (i < 2) { a[i++] = i; } return a[0] + 10 * a[1];",
  "let i = 3; while (i-- > 0) if (i === 1) break; return i;",
  "let i = 0, s = 0; do { if (i === 1) continue; s += i; } while (++i < 4); return s;",
  "let s = 0; for (let i = 0, j = 5; i < j; i++, j -= 2) { if (i === 1) continue; s += i * 10 + j; } return s;",
  "let s = 0; for (let i = 0; i < 3; i++) { let i = 10; i += 1; s += i; } return s;",
  "let s = 0; a: for (const u of x) { for (const v of x) { if (v === u) continue a; if (v > 1) break a; s += v; } } return s;",
  "const m = [[1, 2], [3, 4]]; const t = m.map((r) => r.map((v) => v * 2)); t[0][0] = 99; return m[0][0] + t[1][1];",
  "const m = [[1, 2], [3, 4]]; const t = m.map((r) => r); t[0][0] = 99; return m[0][0];",
  "const m = [[1, 2], [3, 4]]; const t = [...m]; t[0] = [7, 7]; return m[0][0] + t[0][0];",
  "const m = [[1, 2], [3, 4]]; const t = [...m]; t[k][0] = 7; return m[k][0];",
  "const b = [{ u: 1 }, { u: 2 }]; const m = [b.slice()]; m[k][0].u = 9; return b[0].u + 10 * m[0][0].u;",
  "const b = [{ u: 1 }, { u: 2 }]; const m = x[0] > 0 ? b.slice() : b.slice(); m[0].u = 9; return b[0].u;",
  "const b = [{ u: 1 }, { u: 2 }]; const c = b.slice(); c.reverse(); return b[0].u + 10 * c[0].u;",
  "const b = [{ u: 1 }, { u: 2 }]; const c = b.slice(); c.reverse(); c[0].u = 7; return b[1].u;",
  "const b = [{ u: 1 }, { u: 2 }]; const c = b; c.reverse(); return b[0].u;",
  "const b = [{ u: 1 }, { u: 2 }]; const p = b[0]; b.reverse(); p.u = 5; return b[1].u;",
  "const b = [{ u: 1 }, { u: 2 }]; const s = b.toSorted((p, q) => q.u - p.u); s[0].u = 5; return b[1].u;",
  "const a = x.slice(); const b = a; a.sort((u, v) => v - u); return b[0];",
  "const a = x.slice(), c = x.slice(); const b = x[0] > 0 ? a : c; a.sort((u, v) => v - u); return b[0];",
  "const b = [{ u: 1 }, { u: 2 }]; const s = b.filter((p) => p.u > 1); s[0].u = 5; return b[1].u;",
  "const b = [{ u: 1 }, { u: 2 }]; const s = b.concat({ u: 3 }); s[0].u = 5; return b[0].u;",
  "const b = Float64Array.from(x); const s = b.subarray(1); s[0] = 5; return b[1];",
  "const b = [{ u: 1 }, { u: 2 }]; const p = b.find((q) => q.u > 1); if (p !== undefined) p.u = 5; return b[1].u;",
  "const m = [[1, 2], [3, 4]]; const t = [m, m].flat(); t[0][0] = 9; return m[0][0];",
  "const a: number[] = []; const b = a; for (const v of x) a.push(v); return b.length;",
  "const a = [1]; const o = { a }; for (const v of x) a.push(v); return o.a.length;",
  "const a = [1]; for (const v of a) a.push(v + 1); return a.length;",
  "const a = [1]; for (let i = 0; i < a.length && i < 5; i++) a.push(i); return a.length;",
  "const ps = [{ u: 1 }]; const p = ps[0]; for (const v of x) ps.push({ u: v }); p.u = 9; return ps[0].u;",
  "const ps = [{ u: 1 }]; const p = { u: 5 }; for (const v of x) ps.push(p); ps[1].u = 9; return p.u + ps[2].u;",
  "const ps: { u: number }[] = []; for (const v of x) { const p = { u: v }; ps.push(p); p.u += 5; } return ps[0].u;",
  "const ps: { u: number }[] = []; for (const v of x) { const p = { u: v }; p.u += 5; ps.push(p); } ps[1].u = 7; return ps[0].u + 10 * ps[1].u;",
  "const m: number[][] = []; const r = [1, 2]; for (const v of x) m.push(r); m[0][0] = 9; return m[1][0];",
  "const m: number[][] = []; for (const v of x) { const r = [v, 1]; m.push(r); } m[0][0] = 9; return m[1][0] + m[0][0];",
  "const m: number[][] = [x.slice()]; const r = m[0]; for (const v of x) m.push([v, v]); r[0] = 9; return m[0][0];",
  "const a = [1]; a.push(a[0] + 1, a.length); return a[1] + 10 * a[2];",
  "const a = [1, 2]; a.push(...a); return a.length + 10 * a[3];",
  "const a = [1]; const grow = (b: number[]) => { b.push(5); b.push(6); }; grow(a); return a.length;",
  "let st = { u: 1 }; const f1 = () => { st = { u: 5 }; return 2; }; st.u *= f1(); return st.u;",
  "let a = x.slice(); const f1 = () => { a = x.map((v) => v + 1); return 2; }; a[0] += f1(); return a[0];",
  "let a = x.slice(); const f1 = () => { a = x.map((v) => v + 1); return 1; }; return a[f1()];",
  "let a = x.slice(); const f1 = () => { a = x.map((v) => v + 1); return 1; }; const g1 = (b: number[], v: number) => b[0] + v; return g1(a, f1());",
  "let a = x.slice(); const b = a.map((v) => { a = x.map((q) => q + 1); return v; }); return a[0] + b[1];",
  "const p = { u: 1, v: 2 }; const q = { ...p, v: (p.u = 5) }; return q.u + 10 * q.v + 100 * p.u;",
  "const p = [1, 2] as const; const o = { v: 1 }; const q = [...p, (o.v = 7), o.v]; return q[1] + 10 * q[2] + 100 * q[3];",
  "const a = x.slice(); const q = [...a, (a[0] = 5), a[0]]; return q[0] + 10 * q[2] + 100 * q[3] + 1000 * a[0];",
  "let a = x.slice(); const f1 = () => { a = x.map((v) => v + 1); return 1; }; const q = [...a, f1(), ...a]; return q[0] + 10 * q[2] + 100 * q[3];",
  "const a = x.slice(); const f1 = () => { a[1] = 9; return 1; }; const q = [...a, f1(), ...a]; q[0] = 3; return q[0] + 10 * q[1] + 100 * q[4] + a[0];",
  "const o = { v: 1, w: 2 }; const g1 = (u: number, v: number, w: number) => u + 10 * v + 100 * w; const t = [o.v, o.w] as const; return g1(...t, (o.v = 4)) + o.v;",
  "const make = (n: number) => { if (n > 1) return { u: n, v: 1 }; const made = { u: 2, v: n }; made.v += 1; return made; }; const p = make(x[0]); p.u += 5; return p.u + 10 * p.v;",
  "const make = (n: number) => { const a = [n, 1]; if (n > 1) return a; const b = x.slice(); return b; }; const p = make(x[0]); p[0] += 5; return p[0] + 10 * x[0];",
  "let kept = { u: 0 }; const make = (n: number) => { const made = { u: n }; kept = made; if (n > 1) return { u: 7 }; return made; }; const p = make(x[0]); p.u += 5; return p.u + 10 * kept.u;",
  "const make = (n: number) => { const a = { u: n }; const two = { p: a, q: a }; if (n > 1) return { p: { u: 1 }, q: { u: 2 } }; return two; }; const t = make(x[0]); t.p.u += 5; return t.q.u;",
  "const make = (p: { u: number }) => { const q = p; if (p.u > 1) return { u: 7 }; return q; }; const p = { u: x[0] }; const q = make(p); q.u += 5; return p.u + 10 * q.u;",
];

test.each(programs)("%s", (body) => {
  for (const [x, k] of [
    [[1, 2], 0],
    [[-3, 0.5], 1],
  ] as const) {
    const text = `export function f(x: number[], k: number) { "use ad"; ${body} }`;
    try {
      const { actual, expected } = runBothWays(text, [[...x], k], { name: "f" });
      expect(actual).toEqual(expected);
    } catch (error) {
      if (!(error instanceof PlainError)) throw error;
      expect(error.reason).toMatchSnapshot();
      return;
    }
  }
});

test("a helper's own object, returned on one of several ways, was refused as a second name when its caller wrote to it", () => {
  const text = `
function polar(x: number, y: number): { r: number; a: number } {
  if (x === 0 && y === 0) return { r: 0, a: 0 };
  const found = { r: Math.hypot(x, y), a: 0 };
  found.a = Math.atan2(y, x);
  return found;
}
export function f(x: number, y: number) {
  "use ad";
  const p = polar(x, y);
  p.a += Math.PI;
  return p.r * Math.cos(p.a);
}`;
  const { actual, expected } = runBothWays(text, [3, 4], { name: "f" });
  expect(actual).toEqual(expected);
});

test("random programs with references compute what JavaScript does, or are refused", () => {
  let accepted = 0;
  const drawn = extent(40, 5000, 100);
  for (let seed = 1; seed <= drawn; seed++) {
    const { typescript, javascript } = randomReferences(seed);
    try {
      const run = bothWays(typescript, { name: "f", javascript });
      for (const a of [2, -1]) {
        const { actual, expected } = run([[1, -2, 3], a]);
        expect(actual, `seed ${seed}: ${typescript}`).toEqual(expected);
      }
      accepted++;
    } catch (error) {
      if (!(error instanceof PlainError)) throw error;
    }
  }
  expect(accepted).toBeGreaterThan(drawn / 10);
});
