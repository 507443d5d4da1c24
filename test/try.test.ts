import { test } from "vitest";
import { readFileSync } from "node:fs";
import { choicesOf } from "./support/draw-region.ts";
import { Choices } from "./support/random-choices.ts";
import { randomPlain } from "./support/random-plain.ts";
import { formOfText, functionOfText, regionArguments, regionResults } from "./support/plain-region.ts";
import { evaluateRegion } from "./support/evaluate-region.ts";
import { numbersOf } from "./support/region-derivatives.ts";
import { byHand, fromFields } from "./plain/cases.ts";
test("functions", () => {
  for (const [file, list] of [["functions", byHand], ["fields", fromFields]] as const) {
    const text = readFileSync(new URL(`./plain/${file}.ts`, import.meta.url), "utf8");
    for (const { name, f, args } of list) {
      try {
        const form = formOfText(text, name);
        const want = regionResults(form, f(...(structuredClone(args) as never[]))).flatMap(numbersOf);
        const got = evaluateRegion(form.region, regionArguments(form, args).values).results.flatMap(numbersOf);
        const bad = want.findIndex((x, i) => !(Math.abs(x - got[i]!) <= 1e-11 * Math.max(1, Math.abs(x))));
        if (bad >= 0) console.log(name, want, got);
      } catch (e) { console.log(name, String(e).slice(0, 500)); }
    }
  }
});
test("try", () => {
  const hist: Record<string, number> = {};
  let ok = 0;
  const t0 = performance.now();
  for (let s = 1; s <= 300; s++) {
    
    const p = randomPlain(new Choices(choicesOf(s)));
    try {
      const want0 = functionOfText(p.javascript)(...structuredClone(p.args));
      const form = formOfText(p.typescript);
      const got = evaluateRegion(form.region, regionArguments(form, p.args).values).results.flatMap(numbersOf);
      const want = regionResults(form, want0).flatMap(numbersOf);
      const bad = want.findIndex((x, i) => !(Math.abs(x - got[i]!) <= 1e-11 * Math.max(1, Math.abs(x))));
      if (bad >= 0) throw Error("VALUE" + want + " " + got); else ok++;
    } catch (e) { const k = String(e).split("\n").slice(0, 1).join("").slice(0, 100).replace(/\d+/g, "#"); hist[k] = (hist[k] ?? 0) + 1; if (hist[k] === 1) console.log(s, String(e)); }
  }
  console.log({ ok, hist, t: performance.now() - t0 });
});
