import { choicesOf, shrink } from "./support/draw-region.ts";
import { Choices } from "./support/random-choices.ts";
import { randomPlain } from "./support/random-plain.ts";
import { faultOfPlain } from "./support/plain-agreement.ts";
import { formOfText, functionOfText } from "./support/plain-region.ts";
import { runInThisContext } from "node:vm";
const [from, count, shrinks = 3] = process.argv.slice(2).map(Number) as [number, number, number];
let faults = 0;
const t0 = performance.now();
const seen = new Map<string, number>();
const limited = <T>(f: () => T): T => { (globalThis as any).go = f; return runInThisContext("go()", { timeout: 10000 }) as T; };
for (let seed = from; seed < from + count; seed++) {
  const check = (c: readonly number[]): string | undefined => {
    try { const d = randomPlain(new Choices(c)); const f = functionOfText(d.javascript);
      try { limited(() => f(...structuredClone(d.args) as unknown[])); } catch { return undefined; }
      return limited(() => faultOfPlain({ form: formOfText(d.typescript), f: f as any, args: d.args, wrt: d.wrt, outside: d.outside, throughTensors: seed % 40 === 1, throughBackends: seed % 8 === 0, options: [{}, { recompute: false }, { common: false }, { fuse: false }][seed % 8 === 0 ? 0 : Math.floor(seed / 8) % 4] as object })); } catch (e) { return String((e as Error).stack).slice(0, 900); }
  };
  const f = check(choicesOf(seed));
  if (f === undefined) continue;
  faults++;
  const kind = (s: string | undefined) => s?.split("\n")[0]!.replace(/[\d.e-]+/g, "#").replace(/NaN/g, "#").slice(0, 60);
  const k = kind(f)!;
  seen.set(k, (seen.get(k) ?? 0) + 1);
  console.log(`SEED ${seed}: ${f.slice(0, 300)}`);
  if (seen.get(k) === 1 && seen.size <= shrinks) { const small = shrink(choicesOf(seed), (c) => kind(check(c)) === k); console.log(check(small)); console.log(randomPlain(new Choices(small)).typescript); }
}
console.log({ from, count, faults, t: Math.round(performance.now() - t0) }, seen);
process.exit(0);
