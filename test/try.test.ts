import { test } from "vitest";
import { runInThisContext } from "node:vm";
import { transformSync } from "esbuild";
import { choicesOf } from "./support/draw-region.ts";
import { Choices } from "./support/random-choices.ts";
import { randomPlain } from "./support/random-plain.ts";
test("try", () => {
  const hist: Record<string, number> = {};
  let bad = 0, lines = 0;
  const fs = process.stderr; const t0 = performance.now();
  for (let s = 1; s <= 1000; s++) {
    
    const p = randomPlain(new Choices(choicesOf(s)));
    lines += p.typescript.split("\n").length;
    try {
      transformSync(p.typescript, { loader: "ts" });
      const f = runInThisContext(`(() => { ${p.javascript.replace("export function", "return function")} })()`) as (...a: unknown[]) => unknown;
      const v = f(...structuredClone(p.args));
      const nums = JSON.stringify(v);
      if (nums.includes("null")) { bad++; if (bad < 3) console.log(p.typescript, v); }
    } catch (e) { const k = String(e).slice(0, 100).replace(/\d+/g, "#"); hist[k] = (hist[k] ?? 0) + 1; if (hist[k] === 1) console.log(s, String(e), p.typescript); }
  }
  console.log({ bad, lines, hist, t: performance.now() - t0 });
  console.log(randomPlain(new Choices(choicesOf(5))).typescript);
});
