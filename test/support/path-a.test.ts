import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { jvp, tensor, vjp } from "downhill";
import { regionOf } from "./draw-region.ts";
import type { RegionValue } from "./evaluate-region.ts";
import { evaluateOver, evaluateRegion, isArray } from "./evaluate-region.ts";
import type { HyperDual } from "./hyper-dual.ts";
import { hyperDuals } from "./hyper-dual.ts";
import { pathA } from "./path-a.ts";
import type { RandomRegion } from "./random-regions.ts";
import { plainScalarValues } from "./scalar-values.ts";

test("try", () => {
  const dom = hyperDuals(plainScalarValues);
  let t1 = 0, t2 = 0, ok = 0;
  const hist: Record<string, number> = {};
  for (let s = 1; s <= 200; s++) {
    const { region, args, isFine } = regionOf(s);
    const { counts, results } = evaluateRegion(region, args);
    const t0 = performance.now();
    try {
    const f = pathA(region, counts);
    const dir = (i: number, j: number) => region.params[i]!.name === "zero" ? 0 : Math.cos(i + 2 * j);
    const isReal = region.params.map((p) => p.type !== "i32");
    const dt = { f64: "float64", f32: "float32", i32: "int32", bool: "bool" } as const;
    const flat = args.map((a, i) => isArray(a) ? tensor(Array.from(a.data), { dtype: dt[region.params[i]!.type] }).reshape(a.dims) : region.params[i]!.type === "i32" ? a : tensor(a, { dtype: dt[region.params[i]!.type] }));
    const g = (...xs: Tensor[]) => { let k = 0; return f(...flat.map((a, i) => isReal[i] ? xs[k++]! : a)).filter((r) => r.dtype.startsWith("float")); };
    const xs = flat.filter((_, i) => isReal[i]) as Tensor[];
    const plain = g(...xs);
    const [outs, back] = vjp(g, ...xs);
    const cts = outs.map((o, k) => o.mul(0).add(k === 0 ? 1 : 0.5));
    const gr = back(cts);
    const t3 = performance.now();
    t1 += t3 - t0;
    const hd = evaluateOver(dom, region, args.map((a, i) => {
      const d = (x: number, j: number) => ({ x, a: isReal[i] ? dir(i, j) : 0, b: 0, ab: 0 });
      return isArray(a) ? { dims: a.dims, data: Array.from(a.data, d) } : d(a, 0);
    })).results;
    let fw = 0; let k = 0;
    region.results.forEach((r, i) => {
      const v = hd[i]! as RegionValue<HyperDual>;
      if (r.kind === "scalar" && r.value.type !== "f64" && r.value.type !== "f32") return;
      const w = k++ === 0 ? 1 : 0.5;
      if (isArray(v)) for (const e of Array.from(v.data)) fw += w * e.a; else fw += w * v.a;
    });
    let rv = 0; let m = 0;
    args.forEach((a, i) => { if (!isReal[i]) return; const gi = (gr as Tensor[])[m++]!; const vals = gi.reshape([-1]).tolist() as number[]; vals.forEach((y, j) => { const c = dir(i, j); if (c !== 0) rv += y * c; }); });
    const v0 = plain[0]!.item();
    const tol = isFine ? 1e-9 : 1e-3;
    if (Math.abs(v0 - (results[0] as number)) > tol * Math.max(1, Math.abs(v0))) console.log("VALUE", s, v0, results[0]);
    else if (!(Math.abs(fw - rv) <= tol * Math.max(1, Math.abs(fw)))) console.log("GRAD", s, fw, rv);
    else ok++;
    } catch (e) { const k = String(e).slice(0, 90).replace(/\d+/g, "#"); hist[k] = (hist[k] ?? 0) + 1; if (hist[k] === 1) console.log(s, e); }
  }
  console.log({ t1, ok, hist });
});
